"""What is sealed opens with its own key, under the same key of the register, and only as it was sealed."""

import os
import subprocess
import sys

import pytest

from services.runtime.letters.sealing import NotAsSealed, SealedByAnotherKey, Sealer, new_key_id

KEY = b"a key of the tests, thirty-two bytes"
SEALER = Sealer(KEY)
HEADERS = b'[["dlq_kind","onleesbaar"]]'


@pytest.mark.parametrize("contents", [b"{}", b"\xff\x00", b"x" * 65_536, os.urandom(65_536)])
def test_what_is_sealed_opens_as_it_was(contents: bytes) -> None:
    sealed, wrapped = SEALER.seal(contents, HEADERS)
    assert Sealer(KEY).open(sealed, HEADERS, wrapped) == contents
    assert contents not in sealed


def test_each_letter_has_a_key_of_its_own() -> None:
    (first, wrapped), (second, other) = SEALER.seal(b"the same", HEADERS), SEALER.seal(b"the same", HEADERS)
    assert first != second
    assert wrapped != other
    assert new_key_id() != new_key_id()
    with pytest.raises(NotAsSealed):
        SEALER.open(first, HEADERS, other)


def test_little_that_was_much_before_it_was_compressed_stays_little() -> None:
    sealed, _ = SEALER.seal(b"x" * 65_536, HEADERS)
    assert len(sealed) < 200


def test_another_key_of_the_register_opens_nothing() -> None:
    sealed, wrapped = SEALER.seal(b"{}", HEADERS)
    with pytest.raises(SealedByAnotherKey):
        Sealer(b"another key of the tests, 32 bytes!!").open(sealed, HEADERS, wrapped)


@pytest.mark.parametrize("place", [0, 5, -1])
def test_a_value_that_was_changed_does_not_open(place: int) -> None:
    sealed, wrapped = SEALER.seal(b'{"a": 1}', HEADERS)
    changed = bytearray(sealed)
    changed[place] ^= 1
    with pytest.raises(NotAsSealed):
        SEALER.open(bytes(changed), HEADERS, wrapped)


@pytest.mark.parametrize("sealed", [b"", b"x", b"no json"])
def test_a_value_that_is_no_sealed_one_does_not_open(sealed: bytes) -> None:
    _, wrapped = SEALER.seal(b"{}", HEADERS)
    with pytest.raises(NotAsSealed):
        SEALER.open(sealed, HEADERS, wrapped)


def test_a_value_does_not_open_beside_other_headers() -> None:
    sealed, wrapped = SEALER.seal(b"{}", HEADERS)
    with pytest.raises(NotAsSealed):
        SEALER.open(sealed, HEADERS.replace(b"onleesbaar", b"interne_fout"), wrapped)


def test_a_key_that_is_wrapped_anew_opens_under_the_new_key_alone() -> None:
    new = Sealer(b"another key of the tests, 32 bytes!!", 2)
    sealed, wrapped = SEALER.seal(b"{}", HEADERS)
    again = SEALER.rewrapped(wrapped, new)
    assert new.open(sealed, HEADERS, again) == b"{}"
    with pytest.raises(SealedByAnotherKey):
        SEALER.open(sealed, HEADERS, again)
    with pytest.raises(SealedByAnotherKey):
        new.rewrapped(wrapped, SEALER)


def test_a_classifier_without_dead_letters_does_not_load_cryptography() -> None:
    program = (
        "import sys; from services.classifier import main; from services.runtime.letters.sealing import Sealer; "
        f"Sealer({KEY!r}); print(sorted(each for each in sys.modules if each.startswith('cryptography')))"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"
