"""Subscriptions as they should be: what is missing is made, what failed is replaced, what is double is removed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Literal, TypeAlias
from urllib.parse import unquote

from attrs import evolve, frozen

from aurinko_async._types import UNSET
from aurinko_async.client import AurinkoClient
from aurinko_async.errors import AmbiguousResult, InvalidInput, NotFound
from aurinko_async.models.subscriptions import Subscription, SubscriptionRequest

Action: TypeAlias = Literal["adopted", "created", "replaced"]


@frozen
class EnsuredSubscription:
    """A subscription that is there now, and what was done for it.

    Attributes:
        resource: As it was asked for.
        action: `adopted`: it was there. `created` and `replaced`: changes before it were told to nobody, so sync once.
        removed: The ids of subscriptions to the same resource and URL that were deleted.
    """

    resource: str
    subscription: Subscription
    action: Action
    removed: tuple[int, ...] = ()


@frozen
class _Wanted:
    """One resource, with the subscriptions to it that notify our URL."""

    resource: str
    url: str
    filters: tuple[str, ...] | None
    detail_level: str | None
    found: tuple[Subscription, ...] = ()
    made: Subscription | None = None

    @property
    def kept(self) -> Subscription | None:
        """The oldest that is sound: whoever else ensures the same keeps the same one."""
        sound = [one for one in self.found if self._is_sound(one)]
        return min(sound, key=lambda one: one.id or 0, default=None)

    def among(self, listed: Iterable[Subscription]) -> _Wanted:
        """The same, seen in a new list; the API may have answered with another name of the resource than was asked."""
        names = {unquote(self.resource), unquote((self.made and self.made.resource) or self.resource)}
        ours = [one for one in listed if one.notification_url == self.url and one.id is not None]
        return evolve(self, found=tuple(one for one in ours if unquote(one.resource or "") in names))

    def request(self) -> SubscriptionRequest:
        return SubscriptionRequest(
            resource=self.resource,
            notification_url=self.url,
            filters=UNSET if self.filters is None else list(self.filters),
            detail_level=self.detail_level or UNSET,
        )

    def _is_sound(self, one: Subscription) -> bool:
        # One that billing has switched off is not mended by another.
        alive = one.disabled_by_billing or (one.active is not False and one.fail_since is None)
        # What either side does not tell makes no difference.
        filters = None in (self.filters, one.filters) or set(self.filters or ()) == set(one.filters or ())
        detail = None in (self.detail_level, one.detail_level) or self.detail_level == one.detail_level
        return alive and filters and detail


async def ensure_subscriptions(
    client: AurinkoClient,
    resources: Iterable[str],
    url: str,
    *,
    filters: Sequence[str] | None = None,
    detail_level: str | None = None,
) -> list[EnsuredSubscription]:
    """Have an account's changes notified to a URL: exactly one working subscription for each resource.

    Makes what is missing, replaces what is inactive or failing (or has other filters), adopts what works, and deletes
    what else notifies the same URL of the same resource. Other URLs are left alone, and so are other resources.
    The new one is made before the old one goes, so changes are told twice rather than not at all, and when the
    challenge fails the old one is still there. Calls at the same time end with one subscription.

    Args:
        client: With the account's credentials.
        resources: Such as `MESSAGES`, `CONTACTS`, `events_of(calendar_id)`, `tasks_of(list_id)`.
        url: Where notifications are posted. Its receiver must be running: it is challenged.
        filters: Some of `SubscriptionFilter`; None takes any and sends none.
        detail_level: One of `DetailLevel`; None takes any and sends none.

    Returns:
        One for each resource, in their order.

    Raises:
        BadRequest: a challenge failed, or a resource cannot be subscribed to. What was made before that stays.
        InvalidInput: `url` is no URL, or `resources` are no resources.
    """
    extra = None if filters is None else tuple(filters)
    before = [_Wanted(resource, url, extra, detail_level) for resource in _checked(resources, url)]
    if not before:
        return []
    listed = await _listed(client)
    before = [wanted.among(listed) for wanted in before]
    after = [wanted if wanted.kept else await _make(client, wanted) for wanted in before]
    if any(wanted.kept is None for wanted in before):
        # Somebody else may have made the same meanwhile.
        listed = await _listed(client)
        after = [wanted.among(listed) for wanted in after]
    return [await _settle(client, old, new) for old, new in zip(before, after, strict=True)]


def _checked(resources: Iterable[str], url: str) -> list[str]:
    if isinstance(resources, str):
        raise InvalidInput("resources are several: pass a list, if only of one")
    wanted = list(dict.fromkeys(resources))
    if not all(resource.startswith("/") for resource in wanted):
        raise InvalidInput("a resource begins with a slash, such as /email/messages")
    if not url.startswith(("https://", "http://")):
        raise InvalidInput("url must be absolute")
    return wanted


async def _listed(client: AurinkoClient) -> list[Subscription]:
    return [one async for one in client.subscriptions.list(include_inactive=True)]


async def _make(client: AurinkoClient, wanted: _Wanted) -> _Wanted:
    try:
        return evolve(wanted, made=await client.subscriptions.create(wanted.request()))
    except AmbiguousResult:
        # The list tells whether it was made.
        if (found := wanted.among(await _listed(client))).kept is None:
            raise
        return found


async def _settle(client: AurinkoClient, before: _Wanted, after: _Wanted) -> EnsuredSubscription:
    """Delete all but the one that is kept, and tell what was done."""
    kept = after.kept or after.made
    assert kept is not None
    removed: list[int] = []
    for one in after.found:
        if one.id is not None and one.id != kept.id:
            with suppress(NotFound):
                await client.subscriptions.delete(one.id)
                removed.append(one.id)
    was_there = kept.id in {one.id for one in before.found}
    action: Action = "adopted" if was_there else "replaced" if before.found else "created"
    return EnsuredSubscription(after.resource, kept, action, tuple(removed))
