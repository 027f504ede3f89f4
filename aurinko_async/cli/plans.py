"""What is synced, as the options say."""

from __future__ import annotations

from collections.abc import Sequence

import typer
from attrs import frozen

from aurinko_async.cli.options import Resource
from aurinko_async.sync.engine import CalendarPlan, ContactsPlan, EmailPlan, ResourcePlan, TasksPlan


@frozen(kw_only=True)
class Wanted:
    """The options about what is synced; `None` is one that was not given."""

    resources: Sequence[str] | None
    days_within: int | None
    body_type: str | None
    past_days: int | None
    future_days: int | None
    hydrate: bool

    def plans(self) -> list[ResourcePlan]:
        """The plans, in the order of the resources.

        Raises:
            BadParameter: an option of a resource that is not synced.
        """
        email = EmailPlan(days_within=self.days_within, body_type=self.body_type, hydrate=self.hydrate)
        calendar = CalendarPlan(hydrate=self.hydrate)
        calendar = CalendarPlan(
            past_days=calendar.past_days if self.past_days is None else self.past_days,
            future_days=calendar.future_days if self.future_days is None else self.future_days,
            hydrate=self.hydrate,
        )
        plans: list[ResourcePlan] = [
            email,
            calendar,
            ContactsPlan(hydrate=self.hydrate),
            TasksPlan(hydrate=self.hydrate),
        ]
        names = self.resources or [email.resource]
        chosen = [plan for plan in plans if plan.resource in names or Resource.ALL in names]
        self._check({plan.resource for plan in chosen})
        return chosen

    def _check(self, chosen: set[str]) -> None:
        for resource, given in (
            ("email", {"--days-within": self.days_within, "--body-type": self.body_type}),
            ("calendar", {"--past-days": self.past_days, "--future-days": self.future_days}),
        ):
            for option, value in given.items():
                if value is not None and resource not in chosen:
                    raise typer.BadParameter(f"{option} is about {resource}: add --resource {resource}")
