"""group_booking.*: with the app's own credentials, over the accounts it names."""

from __future__ import annotations

from collections.abc import Iterable

from aurinko_async.sandbox.booking.answers import book, confirm, release, times
from aurinko_async.sandbox.booking.profiles import Group, Profile, attach
from aurinko_async.sandbox.booking.slots import offers, window
from aurinko_async.sandbox.calendars.moments import read_window
from aurinko_async.sandbox.call import Call, Reply, done, reply, serves
from aurinko_async.sandbox.contract import Json
from aurinko_async.sandbox.errors import bad_request
from aurinko_async.sandbox.handlers.accounts import offset_page


@serves("group_booking.profiles.list")
def list_profiles(call: Call) -> Reply:
    return offset_page(call, [profile.record() for profile in call.world.bookings.of(None)])


@serves("group_booking.profiles.create")
def create_profile(call: Call) -> Reply:
    return reply(call.world.bookings.create(call.body, None).record())


@serves("group_booking.profiles.get")
def get_profile(call: Call) -> Reply:
    return reply(_profile(call).record())


@serves("group_booking.profiles.update")
def update_profile(call: Call) -> Reply:
    call.world.bookings.update(_profile(call), call.body)
    return done()


@serves("group_booking.profiles.delete")
def delete_profile(call: Call) -> Reply:
    call.world.bookings.delete(_profile(call))
    return done()


@serves("group_booking.profiles.available")
def list_available(call: Call) -> Reply:
    since, until = read_window(call.body)
    names: list[str] = call.body.get("profileNames") or []
    ids: list[int] = call.body.get("profileIds") or []
    found: list[int] = []
    for profile in call.world.bookings.of(None):
        if (names or ids) and profile.name not in names and profile.id not in ids:
            continue
        begin, end = window(call.world, profile)
        if offers(call.world, profile, call.body.get("required") or "one", max(since, begin), min(until, end)):
            found.append(profile.id)
    return reply({"profileIds": found})


@serves("group_booking.profiles.list_accounts")
def list_accounts(call: Call) -> Reply:
    return offset_page(call, [{"accountIds": [account]} for account in _profile(call).accounts])


@serves("group_booking.profiles.attach_accounts")
def attach_accounts(call: Call) -> Reply:
    profile = _profile(call)
    profile.accounts = attach(profile.accounts, _known(call, call.body.get("accountIds")))
    return done()


@serves("group_booking.profiles.detach_accounts")
def detach_accounts(call: Call) -> Reply:
    profile, gone = _profile(call), set[int](call.body.get("accountIds") or ())
    profile.accounts = [account for account in profile.accounts if account not in gone]
    return done()


@serves("group_booking.profiles.list_groups")
def list_groups(call: Call) -> Reply:
    return offset_page(call, [group.record() for group in _profile(call).groups.values()])


@serves("group_booking.profiles.attach_groups")
def attach_groups(call: Call) -> Reply:
    profile = _profile(call)
    given = [(_ext_id(item), _known(call, item.get("accountIds")), item.get("required")) for item in _groups(call)]
    for ext_id, accounts, required in given:
        group = profile.groups.setdefault(ext_id, Group(ext_id, []))
        group.accounts = attach(group.accounts, accounts)
        group.required = required or group.required
    return done()


@serves("group_booking.profiles.detach_groups")
def detach_groups(call: Call) -> Reply:
    """Take accounts out of groups; a group with no accounts named, or none left, goes as a whole."""
    profile = _profile(call)
    for item in _groups(call):
        group = profile.groups.get(_ext_id(item))
        if group is None:
            continue
        gone = set[int](item.get("accountIds") or group.accounts)
        group.accounts = [account for account in group.accounts if account not in gone]
        if not group.accounts:
            del profile.groups[group.ext_id]
    return done()


@serves("group_booking.profiles.meeting_times")
def list_times(call: Call) -> Reply:
    return times(call, _profile(call))


@serves("group_booking.profiles.create_meeting")
def create_meeting(call: Call) -> Reply:
    return book(call, _profile(call))


@serves("group_booking.reservations.confirm")
def confirm_reservation(call: Call) -> Reply:
    return confirm(call, None)


@serves("group_booking.reservations.delete")
def delete_reservation(call: Call) -> Reply:
    return release(call, None)


def _profile(call: Call) -> Profile:
    return call.world.bookings.get(call.path["id"], None)


def _groups(call: Call) -> list[Json]:
    return call.body.get("groups") or []


def _ext_id(group: Json) -> str:
    ext_id: str | None = group.get("extId")
    if not ext_id:
        raise bad_request("A group has no extId")
    return ext_id


def _known(call: Call, accounts: Iterable[int] | None) -> list[int]:
    """Give accounts that are there; 404 if one is not."""
    return [call.world.account(account).id for account in accounts or ()]
