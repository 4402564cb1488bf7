"""Click ids: nobody can make one up, and nobody has to look one up."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.click_token import (
    BadToken,
    ClickKeys,
    Forged,
    Malformed,
    UnknownKey,
    load_keys,
)

KEYS = ClickKeys(1, {1: b"k" * 32})
NOW = 1_767_225_600_123


@given(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", fullmatch=True), st.booleans())
def test_a_token_says_its_link_and_time(link: str, invalid: bool) -> None:
    token = KEYS.sign(link, NOW, invalid=invalid)
    found = KEYS.verify(token)
    assert (found.link, found.clicked_at, found.invalid) == (link, NOW, invalid)


def test_tokens_are_unique_and_repeatable_with_a_given_nonce() -> None:
    assert KEYS.sign("summer", NOW) != KEYS.sign("summer", NOW)
    assert KEYS.sign("summer", NOW, nonce=b"6bytes") == KEYS.sign("summer", NOW, nonce=b"6bytes")


@given(st.integers(0, 25), st.integers(1, 255))
def test_a_token_altered_in_any_byte_is_refused(place: int, flip: int) -> None:
    link, _, text = KEYS.sign("summer", NOW, nonce=b"6bytes").rpartition(".")
    raw = bytearray(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    raw[place] ^= flip
    altered = f"{link}.{base64.urlsafe_b64encode(raw).rstrip(b'=').decode()}"
    with pytest.raises(BadToken) as caught:
        KEYS.verify(altered)
    assert caught.type is (UnknownKey if place == 13 else Forged)


def test_a_token_altered_in_its_last_letter_is_refused() -> None:
    token = KEYS.sign("summer", NOW)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for letter in letters.replace(token[-1], ""):  # also those that decode to the same bytes
        with pytest.raises(Forged):
            KEYS.verify(token[:-1] + letter)


def test_a_token_moved_to_another_link_is_forged() -> None:
    token = KEYS.sign("summer", NOW)
    with pytest.raises(Forged) as caught:
        KEYS.verify(token.replace("summer", "winter"))
    assert caught.value.problem == "forged"


def test_a_token_of_another_ledgers_key_is_forged() -> None:
    with pytest.raises(Forged):
        KEYS.verify(ClickKeys(1, {1: b"other" * 8}).sign("summer", NOW))


def test_keys_are_rotated_and_old_tokens_stay_valid_while_theirs_is_kept() -> None:
    old = KEYS.sign("summer", NOW)
    rotated = ClickKeys(2, {1: b"k" * 32, 2: b"n" * 32})
    assert rotated.verify(old).link == "summer"
    with pytest.raises(UnknownKey, match="key 2, which is not known here") as caught:
        KEYS.verify(rotated.sign("summer", NOW))
    assert caught.value.problem == "unknown_key"


@pytest.mark.parametrize(
    "token", ["", "summer", "summer.", ".abc", "summer.!!!!", "summer.YWJj", "summer." + "A" * 400]
)
def test_what_is_no_token_is_malformed(token: str) -> None:
    with pytest.raises(Malformed, match="not a click token"):
        KEYS.verify(token)


def test_a_ledger_makes_its_key_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PLEDGER_CLICK_KEYS", raising=False)
    first = load_keys(tmp_path / "keys")
    assert load_keys(tmp_path / "keys") == first
    assert (tmp_path / "keys" / "click-keys.json").stat().st_mode & 0o077 == 0
    monkeypatch.setenv("PLEDGER_CLICK_KEYS", f"1:{'aa' * 32},7:{'bb' * 32}")
    assert load_keys(tmp_path / "keys") == ClickKeys(7, {1: b"\xaa" * 32, 7: b"\xbb" * 32})
