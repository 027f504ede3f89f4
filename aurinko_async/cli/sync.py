"""`aurinko sync`: mirrors accounts into a database, once or for ever."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Final

import typer
from attrs import frozen

from aurinko_async._session import Attempt
from aurinko_async.cli import options
from aurinko_async.cli.board import Board
from aurinko_async.cli.demo import Demo
from aurinko_async.cli.display import Display, display
from aurinko_async.cli.mirror import Database, mirror
from aurinko_async.cli.outcome import Outcome, Summary
from aurinko_async.cli.plans import Wanted
from aurinko_async.cli.running import Interrupts, execute, warnings_to
from aurinko_async.cli.sources import Connection, Source, Target, connected
from aurinko_async.errors import StoreError
from aurinko_async.sync.engine import EngineOptions, ResourcePlan, SyncAccount, SyncEngine
from aurinko_async.sync.store import SyncState
from aurinko_async.sync.values import LEASE_WAIT

TICK: Final = 0.125
"""Seconds between two pictures of what goes on."""
MANY: Final = 1000
"""Syncs of which a picture is work: it is made once a second."""


def sync(
    *,
    db: options.Db = options.DEFAULT_DB,
    sandbox: options.SandboxFlag = False,
    mail: options.Mail = None,
    messages: options.Messages = None,
    accounts: options.Accounts = None,
    account_id: options.AccountId = None,
    all_accounts: options.AllAccounts = False,
    resource: options.Resources = None,
    follow: options.Follow = False,
    poll: options.Poll = None,
    days_within: options.DaysWithin = None,
    body_type: options.Body = None,
    past_days: options.PastDays = None,
    future_days: options.FutureDays = None,
    hydrate: options.Hydrate = False,
    base_url: options.BaseUrl = None,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Mirror mail, calendars, contacts and tasks into a database; run it again to fetch only what changed.

    Credentials come from the environment: AURINKO_ACCESS_TOKEN for one account; or AURINKO_CLIENT_ID and
    AURINKO_CLIENT_SECRET with --account-id N or --all-accounts.

    Ctrl-C stops after the page at hand; so does SIGTERM. Whatever ends it, the next run goes on where it stopped.
    """
    if all_accounts and account_id:
        raise typer.BadParameter("give either --account-id or --all-accounts")
    if poll is not None and not follow:
        raise typer.BadParameter("--poll is for --follow")
    all_accounts = all_accounts or accounts is not None
    source = Source(
        sandbox=_demo(sandbox=sandbox, mail=mail, messages=messages, accounts=accounts, all_accounts=all_accounts),
        mirror=db,
        base_url=base_url,
        account_id=account_id,
        all_accounts=all_accounts,
    )
    if source.sandbox and (base_url or account_id):
        raise typer.BadParameter("--sandbox has its own URL and accounts: leave out --base-url and --account-id")
    wanted = Wanted(
        resources=resource,
        days_within=days_within,
        body_type=body_type,
        past_days=past_days,
        future_days=future_days,
        hydrate=hydrate,
    )
    plan = Plan(source=source, db=db, resources=wanted.plans(), follow=follow, poll=poll, as_json=as_json)
    execute(
        lambda interrupts: _sync(plan, interrupts),
        as_json=as_json,
        debug=debug,
        interrupted="interrupted; what was saved stays, and the next run resumes there",
    )


def _demo(
    *, sandbox: bool, mail: Path | None, messages: int | None, accounts: int | None, all_accounts: bool
) -> Demo | None:
    """The sandbox that the options ask for, if any."""
    sandbox = sandbox or mail is not None
    if messages is not None and (not sandbox or mail):
        raise typer.BadParameter("--messages is for the made-up mail of --sandbox")
    if accounts is not None and not sandbox:
        raise typer.BadParameter("--accounts is for --sandbox; --all-accounts takes those that an application has")
    if not sandbox:
        return None
    return Demo(
        accounts=accounts or (options.DEFAULT_ACCOUNTS if all_accounts else 1),
        messages=options.DEFAULT_MESSAGES if messages is None else messages,
        mail=mail,
    )


@frozen(kw_only=True)
class Plan:
    """What was asked for."""

    source: Source
    db: Database
    resources: list[ResourcePlan]
    follow: bool
    poll: float | None
    as_json: bool

    @property
    def engine(self) -> EngineOptions:
        if not self.follow:
            # What fails is told at once; the same command is what repeats it.
            return EngineOptions(attempts=1, lease_wait=LEASE_WAIT)
        return EngineOptions() if self.poll is None else EngineOptions(poll=self.poll)


class _Traffic:
    """How many requests were made, and how many of them again."""

    requests = retried = 0

    def count(self, attempt: Attempt) -> None:
        self.requests += 1
        self.retried += attempt.attempt > 1


async def _sync(plan: Plan, interrupts: Interrupts) -> int:
    traffic = _Traffic()
    began = time.monotonic()
    async with connected(plan.source, traffic.count) as connection:
        board = Board([resource.resource for resource in plan.resources], follow=plan.follow)
        accounts = _Accounts(connection, board, await connection.targets())
        async with mirror(plan.db) as store:
            engine = SyncEngine(
                connection.client,
                store,
                accounts=accounts.ask if plan.source.all_accounts else accounts.first,
                resources=plan.resources,
                options=plan.engine,
            )
            await _Run(engine, board, plan, interrupts).perform()
            outcomes = _outcomes(board, await store.status())
    summary = Summary(
        database=str(plan.db),
        outcomes=outcomes,
        requests=traffic.requests,
        retried=traffic.retried,
        seconds=time.monotonic() - began,
        interrupted=interrupts.exit_code if interrupts.first else None,
        follow=plan.follow,
    )
    summary.show(as_json=plan.as_json)
    return summary.exit_code


class _Accounts:
    """Who is synced. Whoever asks first gets those that are known already."""

    def __init__(self, connection: Connection, board: Board, targets: list[Target]) -> None:
        self._connection = connection
        self._board = board
        self._known: list[Target] | None = targets
        board.expect(targets)

    @property
    def first(self) -> list[SyncAccount]:
        return [SyncAccount(target.id, target.auth) for target in self._known or () if target.active]

    async def ask(self) -> AsyncGenerator[SyncAccount, None]:
        known, self._known = self._known, None
        if known is None:
            known = await self._connection.targets()
            self._board.expect(known)
        for target in known:
            if target.active:
                yield SyncAccount(target.id, target.auth)


class _Run:
    """The engine at work, and what is seen of it. One account's failure is its own; the database's is everybody's."""

    def __init__(self, engine: SyncEngine, board: Board, plan: Plan, interrupts: Interrupts) -> None:
        self._engine = engine
        self._board = board
        self._plan = plan
        self._interrupts = interrupts
        self._shown: Display = display(board, silent=plan.as_json)
        self._broken: StoreError | None = None

    async def perform(self) -> None:
        engine = self._engine
        with self._shown, warnings_to(self._warn), self._interrupts.stop_with(self._stop):
            tasks = [asyncio.create_task(self._watch()), asyncio.create_task(self._tick())]
            try:
                await (engine.follow() if self._plan.follow else engine.run())
                await tasks[0]
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        if self._broken is not None:
            raise self._broken

    def _warn(self, line: str) -> None:
        """What one run fails with is in its summary; one that is followed may have none for a long time."""
        if self._plan.follow and self._plan.as_json:
            typer.echo(line, err=True)
        elif self._plan.follow:
            self._shown.say(line)

    def _stop(self) -> None:
        self._shown.say("Stopping after the page at hand; once more ends it at once.")
        self._engine.stop()

    async def _watch(self) -> None:
        async for event in self._engine.progress():
            entry = self._board.take(event)
            if isinstance(event.error, StoreError) and not self._plan.follow:
                self._broken = self._broken or event.error
                self._engine.stop()
            if entry is not None:
                self._shown.update(event, entry)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK if len(self._board) < MANY else 1.0)
            self._shown.refresh()


def _outcomes(board: Board, states: list[SyncState]) -> list[Outcome]:
    """What became of each, with what the mirror holds now."""
    live: dict[tuple[str, str], int] = {}
    for state in states:
        if not state.key.consumer:
            place = (state.key.account, state.key.resource)
            live[place] = live.get(place, 0) + state.live
    several = len(board.resources) > 1
    return [
        Outcome.of(entry, live.get((entry.account, entry.resource), 0), follow=board.follow, several=several)
        for entry in board
    ]
