"""booking.* and public_booking.*"""

from __future__ import annotations

from aurinko_async.sandbox.booking.answers import book, confirm, release, times
from aurinko_async.sandbox.booking.profiles import Profile
from aurinko_async.sandbox.call import Call, Reply, done, reply, serves
from aurinko_async.sandbox.errors import not_found
from aurinko_async.sandbox.handlers.accounts import offset_page


@serves("booking.profiles.list")
def list_profiles(call: Call) -> Reply:
    return offset_page(call, [profile.record() for profile in call.world.bookings.of(call.account.id)])


@serves("booking.profiles.create")
def create_profile(call: Call) -> Reply:
    return reply(call.world.bookings.create(call.body, call.account.id).record())


@serves("booking.profiles.get")
def get_profile(call: Call) -> Reply:
    return reply(_mine(call).record())


@serves("booking.profiles.update")
def update_profile(call: Call) -> Reply:
    call.world.bookings.update(_mine(call), call.body)
    return done()


@serves("booking.profiles.delete")
def delete_profile(call: Call) -> Reply:
    call.world.bookings.delete(_mine(call))
    return done()


@serves("booking.profiles.meeting_times")
def list_times(call: Call) -> Reply:
    return times(call, _mine(call))


@serves("booking.profiles.create_meeting")
def create_meeting(call: Call) -> Reply:
    return book(call, _mine(call))


@serves("booking.reservations.confirm")
def confirm_reservation(call: Call) -> Reply:
    return confirm(call, call.account.id)


@serves("booking.reservations.delete")
def delete_reservation(call: Call) -> Reply:
    return release(call, call.account.id)


@serves("booking.work_hours")
def get_work_hours(call: Call) -> Reply:
    return reply(call.account.work_hours)


@serves("public_booking.meeting_times")
def list_public_times(call: Call) -> Reply:
    return times(call, _published(call))


@serves("public_booking.create_meeting")
def create_public_meeting(call: Call) -> Reply:
    return book(call, _published(call))


def _mine(call: Call) -> Profile:
    return call.world.bookings.get(call.path["id"], call.account.id)


def _published(call: Call) -> Profile:
    profile = call.world.bookings.named(call.path["name"])
    if profile is None or call.path["aurinkoClientId"] != call.world.client_id:
        raise not_found("The booking profile could not be found")
    return profile
