"""`aurinko sync`: mirrors mail into a SQLite file."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer
from attrs import evolve, frozen

from aurinko_async._session import Attempt
from aurinko_async.cli import options
from aurinko_async.cli.demo import Demo
from aurinko_async.cli.display import Display, display
from aurinko_async.cli.exits import problem_of
from aurinko_async.cli.mirror import mirror
from aurinko_async.cli.outcome import Outcome, Summary
from aurinko_async.cli.running import Interrupts, execute
from aurinko_async.cli.sources import Source, Target, connected
from aurinko_async.errors import AurinkoError, StoreError
from aurinko_async.sync import DeltaSync, SQLiteStore

AT_ONCE = 4
"""Accounts synced at the same time: each keeps a page in memory, and all share one database."""


def sync(
    *,
    db: options.Db = options.DEFAULT_DB,
    sandbox: options.SandboxFlag = False,
    mail: options.Mail = None,
    messages: options.Messages = None,
    account_id: options.AccountId = None,
    all_accounts: options.AllAccounts = False,
    days_within: options.DaysWithin = None,
    body_type: options.Body = None,
    hydrate: options.Hydrate = False,
    base_url: options.BaseUrl = None,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Mirror mail into a SQLite file; run it again to fetch only what changed.

    Credentials come from the environment: AURINKO_ACCESS_TOKEN for one account; or AURINKO_CLIENT_ID and
    AURINKO_CLIENT_SECRET with --account-id N or --all-accounts.

    Ctrl-C stops after the page at hand; so does SIGTERM. Whatever ends it, the next run goes on where it stopped.
    """
    sandbox = sandbox or mail is not None
    if sandbox and (base_url or account_id):
        raise typer.BadParameter("--sandbox has its own URL and accounts: leave out --base-url and --account-id")
    if messages is not None and (not sandbox or mail):
        raise typer.BadParameter("--messages is for the made-up mail of --sandbox")
    if all_accounts and account_id:
        raise typer.BadParameter("give either --account-id or --all-accounts")
    demo = Demo(
        accounts=3 if all_accounts else 1,
        messages=options.DEFAULT_MESSAGES if messages is None else messages,
        mail=mail,
    )
    source = Source(
        sandbox=demo if sandbox else None,
        mirror=db,
        base_url=base_url,
        account_id=account_id,
        all_accounts=all_accounts,
    )
    plan = Plan(source, db, {"days_within": days_within, "body_type": body_type, "hydrate": hydrate}, as_json)
    execute(
        lambda interrupts: _sync(plan, interrupts),
        as_json=as_json,
        debug=debug,
        interrupted="interrupted; what was saved stays, and the next run resumes there",
    )


@frozen
class Plan:
    """What was asked for."""

    source: Source
    db: Path
    delta: dict[str, Any]
    as_json: bool


class _Traffic:
    """How many requests were made, and how many of them again."""

    requests = retried = 0

    def count(self, attempt: Attempt) -> None:
        self.requests += 1
        self.retried += attempt.attempt > 1


async def _sync(plan: Plan, interrupts: Interrupts) -> int:
    traffic = _Traffic()
    began = time.monotonic()
    with display(silent=plan.as_json) as shown:
        async with connected(plan.source, traffic.count) as connection:
            targets = await connection.targets()
            async with mirror(plan.db) as store:
                run = _Syncs(store, plan, shown, interrupts)
                with interrupts.stop_with(run.stop):
                    outcomes = await run.all(targets)
                outcomes = await _counted(store, outcomes)
    summary = Summary(
        database=plan.db,
        outcomes=outcomes,
        requests=traffic.requests,
        retried=traffic.retried,
        seconds=time.monotonic() - began,
        interrupted=interrupts.exit_code if interrupts.first else None,
    )
    summary.show(as_json=plan.as_json)
    return summary.exit_code


async def _counted(store: SQLiteStore, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """The outcomes with what the mirror holds now."""
    live = {
        state.key.account: state.live
        for state in await store.status()
        if state.key.resource == "email" and not state.key.consumer
    }
    return [evolve(outcome, messages=live.get(outcome.account, 0)) for outcome in outcomes]


class _Syncs:
    """The syncs of one run. One account's failure is its own; the database's is everybody's."""

    def __init__(self, store: SQLiteStore, plan: Plan, shown: Display, interrupts: Interrupts) -> None:
        self._store = store
        self._plan = plan
        self._shown = shown
        self._interrupts = interrupts
        self._active: set[DeltaSync[Any, Any]] = set()
        self._turns = asyncio.Semaphore(AT_ONCE)

    def stop(self) -> None:
        self._shown.say("Stopping after the page at hand; once more ends it at once.")
        for sync_ in self._active:
            sync_.stop()

    async def all(self, targets: Sequence[Target]) -> list[Outcome]:
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._one(target)) for target in targets]
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None
        return [task.result() for task in tasks]

    async def _one(self, target: Target) -> Outcome:
        start = Outcome(account=target.id, email=target.email)
        if not target.active:
            return evolve(start, status="skipped")
        async with self._turns:
            if self._interrupts.first is not None:
                return start
            began = time.monotonic()
            outcome = await self._mirrored(target, start)
            return evolve(outcome, seconds=time.monotonic() - began)

    async def _mirrored(self, target: Target, start: Outcome) -> Outcome:
        watch = self._shown.watch(target.email or target.id)
        last = start

        def told(report: Any) -> None:
            nonlocal last
            last = evolve(start, report=report)
            watch(report)

        sync_ = target.client.email.delta(store=self._store, progress=told, **self._plan.delta)
        self._active.add(sync_)
        try:
            report = await sync_.run()
        except StoreError:
            raise
        except AurinkoError as error:
            resumes = last.report.generation > 0
            return evolve(last, status="failed", problem=problem_of(error, resumes=resumes))
        finally:
            self._active.discard(sync_)
        return evolve(start, report=report, status="complete" if report.complete else "stopped")
