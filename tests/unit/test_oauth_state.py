"""A state is taken back only as it was given out, by the session it was given to, while it is good."""

import base64
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aurinko_async import AccountAuth, AppAuth, AurinkoClient, ConfigError, OAuthFlow
from aurinko_async.errors import InvalidInput, StateExpired, StateRejected
from aurinko_async.oauth.state import LONGEST_PAYLOAD, Seal

SECRET, OTHER = b"0123456789abcdef", "another secret, which is longer"
NONCE, SESSION, NOW = bytes(range(16)), "session-of-ann", 1_790_000_000.0
ALPHABET = string.ascii_letters + string.digits + "-_"


def issued(seal: Seal, **changes: Any) -> str:
    return seal.issue(**{"bound_to": SESSION, "expires": NOW + 600, "nonce": NONCE, "payload": "/inbox", **changes})


@given(payload=st.text(max_size=250), bound_to=st.text(min_size=1), nonce=st.binary(min_size=16, max_size=16))
def test_what_went_out_comes_back(payload: str, bound_to: str, nonce: bytes) -> None:
    seal = Seal.of(SECRET)
    state = issued(seal, payload=payload, bound_to=bound_to, nonce=nonce)
    assert set(state) <= set(ALPHABET), "a URL carries it as it is"
    assert seal.open(state, bound_to=bound_to, now=NOW) == payload


def test_no_character_of_it_can_be_another_one_less_or_one_more() -> None:
    seal = Seal.of(SECRET)
    for payload in ("", "a", "ab", "abc"):  # base64 ends in 0 to 4 spare bits
        state = issued(seal, payload=payload)
        for index in range(len(state)):
            for other in set(ALPHABET + "+/=") - {state[index]}:
                with pytest.raises(StateRejected):
                    seal.open(state[:index] + other + state[index + 1 :], bound_to=SESSION, now=NOW)
            with pytest.raises(StateRejected):
                seal.open(state[:index] + state[index + 1 :], bound_to=SESSION, now=NOW)
        for more in ("A", "=", "==", "\n", " ", "%3D", "\x00", "é"):
            for altered in (state + more, more + state):
                with pytest.raises(StateRejected):
                    seal.open(altered, bound_to=SESSION, now=NOW)


@given(st.text() | st.text(alphabet=ALPHABET, max_size=300))
def test_what_was_made_up_is_refused(text: str) -> None:
    with pytest.raises(StateRejected):
        Seal.of(SECRET).open(text, bound_to=SESSION, now=NOW)


@given(st.binary(max_size=300))
def test_bytes_that_were_made_up_are_refused(content: bytes) -> None:
    text = base64.urlsafe_b64encode(b"\x01" + content).rstrip(b"=").decode()
    with pytest.raises(StateRejected):
        Seal.of(SECRET).open(text, bound_to=SESSION, now=NOW)


def test_it_is_good_to_the_millisecond_before_it_expires() -> None:
    seal = Seal.of(SECRET)
    state = issued(seal, expires=NOW + 600)
    assert seal.open(state, bound_to=SESSION, now=NOW + 599.999) == "/inbox"
    for late in (600, 601, 1e9):
        with pytest.raises(StateExpired, match="expired"):
            seal.open(state, bound_to=SESSION, now=NOW + late)


@pytest.mark.parametrize("session", ["session-of-bob", "", "session-of-an", "session-of-ann ", "\ud800"])
def test_it_is_good_for_one_session_only_and_says_so_even_when_it_is_late(session: str) -> None:
    seal = Seal.of(SECRET)
    for now in (NOW, NOW + 9999):
        with pytest.raises(StateRejected, match="another session"):
            seal.open(issued(seal), bound_to=session, now=now)


def test_the_session_cannot_be_seen_in_it_nor_that_two_are_of_one_session() -> None:
    seal = Seal.of(SECRET)
    first, second = (base64.urlsafe_b64decode(issued(seal, nonce=nonce) + "==") for nonce in (NONCE, NONCE[::-1]))
    assert SESSION.encode() not in first
    assert first[25:41] != second[25:41], "the marks differ"
    other = base64.urlsafe_b64decode(issued(Seal.of(OTHER)) + "==")
    assert first[25:41] != other[25:41], "and nobody makes one without the key"


def test_a_nonce_and_a_session_do_not_run_into_each_other() -> None:
    seal = Seal.of(SECRET)
    state = issued(seal, bound_to="ab")
    for session in ("a", "b", "\0ab", "ab\0"):
        with pytest.raises(StateRejected):
            seal.open(state, bound_to=session, now=NOW)


def test_a_secret_is_changed_by_giving_both_for_a_while() -> None:
    old, both, new = Seal.of(SECRET), Seal.of([OTHER, SECRET]), Seal.of(OTHER)
    assert both.open(issued(old), bound_to=SESSION, now=NOW) == "/inbox"
    assert new.open(issued(both), bound_to=SESSION, now=NOW) == "/inbox", "the first one signs"
    for one, another in ((old, new), (new, old), (both, old)):
        with pytest.raises(StateRejected, match="not one that was given out"):
            another.open(issued(one), bound_to=SESSION, now=NOW)
    with pytest.raises(StateRejected, match="another session"):
        both.open(issued(old), bound_to="bob", now=NOW)


def test_a_secret_is_text_or_bytes_and_is_never_shown() -> None:
    assert Seal.of(SECRET.decode()) == Seal.of(SECRET) == Seal.of([SECRET])
    assert SECRET.decode() not in repr(Seal.of(SECRET))


@pytest.mark.parametrize("secret", ["", b"", [], (), "fifteen bytes..", b"x" * 15, [SECRET, ""], [b"short", SECRET]])
def test_a_secret_that_protects_nothing_is_refused(secret: Any) -> None:
    with pytest.raises(ConfigError, match="state_secret"):
        Seal.of(secret)


def test_what_cannot_be_in_a_state() -> None:
    seal = Seal.of(SECRET)
    with pytest.raises(InvalidInput, match="bound_to"):
        issued(seal, bound_to="")
    with pytest.raises(InvalidInput, match="1,001 bytes"):
        issued(seal, payload="x" * (LONGEST_PAYLOAD + 1))
    with pytest.raises(InvalidInput, match="payload"):
        issued(seal, payload="é" * (LONGEST_PAYLOAD // 2 + 1))
    longest = issued(seal, payload="x" * LONGEST_PAYLOAD)
    assert len(longest) < 1500
    assert seal.open(longest, bound_to=SESSION, now=NOW) == "x" * LONGEST_PAYLOAD


# --- the flow, before anything is sent


async def test_a_flow_that_cannot_work_is_refused_when_it_is_made() -> None:
    async with AurinkoClient(AppAuth("client-1", "s3cret")) as aurinko:
        for url in ("", "/callback", "app.example/callback", "javascript:alert(1)", "https://", "http://[::1"):
            with pytest.raises(ConfigError, match="return_url"):
                OAuthFlow(aurinko, return_url=url, state_secret=SECRET)
        for lifetime in (0, -1, float("nan"), float("inf"), 86401):
            with pytest.raises(ConfigError, match="state_lifetime"):
                OAuthFlow(aurinko, return_url="https://a.test/", state_secret=SECRET, state_lifetime=lifetime)
        with pytest.raises(ConfigError, match="state_secret"):
            OAuthFlow(aurinko, return_url="https://a.test/", state_secret="")
        account = aurinko.with_auth(AccountAuth("token"))
        with pytest.raises(ConfigError, match="client_id"):
            OAuthFlow(account, return_url="https://a.test/", state_secret=SECRET).authorize_url("Google", bound_to="s")


@pytest.mark.parametrize(
    ("url", "kind", "words"),
    [
        ("", StateRejected, "has no state"),
        ("/callback", StateRejected, "has no state"),
        ("/callback?status=success&code=x", StateRejected, "has no state"),
        ("status=success&code=x&state=made-up", StateRejected, "not one that was given out"),
        ("/callback?status=error&error=denied&state=made-up", StateRejected, "not one that was given out"),
        ("/callback?state=a&state=b", StateRejected, "a parameter twice"),
    ],
)
async def test_a_visit_that_is_no_answer_sends_nothing(url: str, kind: type[Exception], words: str) -> None:
    async with AurinkoClient(AppAuth("client-1", "s3cret"), base_url="http://127.0.0.1:1") as aurinko:
        flow = OAuthFlow(aurinko, return_url="https://a.test/", state_secret=SECRET)
        with pytest.raises(kind, match=words) as told:
            await flow.callback(url, bound_to=SESSION)
    assert "denied" not in str(told.value), "what a stranger says is not repeated"
