"""Where master keys come from: lines in a file, versions that come and go, and outside key services."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anban.base.clock import SystemClock
from anban.base.errors import BadInput, Conflict, Misconfigured
from anban.base.key_lines import KeyLine, parse_lines, written
from anban.base.keyring import GivenKeys, KeyFile
from anban.base.keys import KeysAway, MasterKeys, Ring
from anban.base.kms.aws import AwsKms, sign
from anban.base.kms.shape import KeyService
from anban.base.kms.vault import VaultTransit
from tests.kms import AwsStandIn, VaultStandIn, serving

OLD, NEW = "11" * 32, "22" * 32


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "master.keys"
    found.write_text(OLD)
    return found


def put(path: Path, text: str) -> None:
    path.write_text(text)


def content(path: Path) -> str:
    assert path.stat().st_mode & 0o077 == 0, "its owner reads it, and nobody else"
    return path.read_text()


lines = st.builds(
    KeyLine,
    version=st.integers(1, 2**31 - 1),
    state=st.sampled_from(["", "announced", "open-only"]),
    material=st.binary(min_size=32, max_size=32),
    by_service=st.booleans(),
) | st.builds(KeyLine, version=st.integers(1, 2**31 - 1), state=st.just("destroyed"), material=st.just(b""))


@given(st.lists(lines, max_size=6, unique_by=lambda each: each.version))
def test_what_is_written_is_read_again(some: list[KeyLine]) -> None:
    assert parse_lines(written(some)) == tuple(sorted(some, key=lambda each: each.version))


@pytest.mark.parametrize(
    "text",
    [f"1:{OLD}\n1:{NEW}", f"1:lost:{OLD}", f"0:{OLD}", f"1:kms:{'*' * 8}", "1:kms:", f"1:kms:open-only:{OLD}", "1:"],
)
def test_a_line_of_another_shape_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        parse_lines(text)
    assert "1111" not in str(caught.value)


@given(st.text(max_size=80))
def test_no_text_makes_the_reader_fall(text: str) -> None:
    try:
        parse_lines(text)
    except Misconfigured:
        return


async def test_a_version_is_announced_then_wraps_and_the_older_one_is_destroyed(path: Path) -> None:
    file = KeyFile(path)
    keys = MasterKeys(await file.read())
    assert await file.announce() == 2
    assert file.changed()
    keys.follow(await file.read())
    assert not file.changed()
    assert (keys.current, keys.older) == (1, (2,)), "known, and wraps nothing yet"
    await file.promote(2)
    keys.follow(await file.read())
    assert (keys.current, keys.older) == (2, (1,))
    with pytest.raises(Conflict):
        await file.destroy(2)
    await file.destroy(1)
    keys.follow(await file.read())
    assert (keys.current, keys.older, keys.ring.destroyed) == (2, (), {1})
    assert OLD not in content(path)


async def test_the_number_of_a_destroyed_version_is_never_used_again(path: Path) -> None:
    put(path, f"1:{OLD}\n2:destroyed\n")
    assert await KeyFile(path).announce() == 3


async def test_what_the_file_held_before_is_overwritten_and_not_only_unlinked(path: Path) -> None:
    put(path, f"1:{OLD}\n2:{NEW}\n")
    former = os.open(path, os.O_RDONLY)
    await KeyFile(path).destroy(1)
    assert not os.pread(former, 1000, 0).strip(b"\0")
    os.close(former)


async def test_two_replicas_that_announce_at_once_do_not_make_two_keys_of_one_number(path: Path) -> None:
    one, other = KeyFile(path), KeyFile(path)
    assert await one.announce() == 2
    assert await other.announce() == 3
    with pytest.raises(BadInput):
        await one.destroy(9)


async def test_a_file_in_which_nothing_may_wrap_is_refused_and_what_was_there_holds(path: Path) -> None:
    keys = MasterKeys(await KeyFile(path).read())
    put(path, f"1:open-only:{OLD}\n")
    with pytest.raises(Misconfigured):
        keys.follow(await KeyFile(path).read())
    assert keys.current == 1


async def test_keys_from_the_environment_are_not_changed_by_the_service() -> None:
    given = GivenKeys(f"1:open-only:{OLD}\n2:{NEW}")
    assert (await given.read()).current == 2 and not given.writable and not given.changed()
    for act in (given.announce(), given.promote(2), given.destroy(1)):
        with pytest.raises(Misconfigured):
            await act


async def test_a_wrapped_line_without_a_key_service_is_refused(path: Path) -> None:
    put(path, "1:kms:AAAA\n")
    with pytest.raises(Misconfigured) as caught:
        await KeyFile(path).read()
    assert caught.value.field == "ANBAN_KMS"


def test_without_keys_nothing_is_sealed_and_forms_still_have_a_key() -> None:
    keys = MasterKeys(None)
    assert keys.away
    for refused in (lambda: keys.new_key("usr_1", 1), lambda: keys.derived("staff"), lambda: keys.current):
        with pytest.raises(KeysAway):
            refused()
    assert keys.derived("desk forms").secret
    keys.follow(Ring({1: b"1" * 32}))
    assert not keys.away and keys.new_key("usr_1", 1)


# --- outside key services -------------------------------------------------------------------------------------------


def test_signatures_are_those_of_the_published_examples() -> None:
    signed = sign(
        {}, b"", url="https://example.amazonaws.com/", region="us-east-1", access_key="AKIDEXAMPLE",
        secret_key="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", at=datetime(2015, 8, 30, 12, 36, tzinfo=UTC),
        service="service", method="GET",
    )  # fmt: skip
    assert signed["authorization"].endswith(
        "SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
    )


def asking(service: AwsStandIn | VaultStandIn, **other: Any) -> KeyService:
    if isinstance(service, AwsStandIn):
        given = {"secret_key": service.secret_key, "key": service.key, **other}
        return AwsKms(service.url, given["key"], service.region, service.access_key, given["secret_key"], SystemClock())
    return VaultTransit(service.url, other.get("key", service.key), other.get("token", service.token))


@pytest.mark.parametrize("kind", [AwsStandIn, VaultStandIn])
async def test_a_key_service_opens_what_it_wrapped_for_the_same_purpose_only(kind: Any) -> None:
    async with serving(kind()) as service:
        asked = asking(service)
        wrapped = await asked.wrap(b"s" * 32, {"version": "1"})
        assert b"s" * 32 not in wrapped
        assert await asked.unwrap(wrapped, {"version": "1"}) == b"s" * 32
        with pytest.raises(Misconfigured):
            await asked.unwrap(wrapped, {"version": "2"})


@pytest.mark.parametrize("kind", [AwsStandIn, VaultStandIn])
async def test_whoever_has_no_proof_is_refused(kind: Any) -> None:
    async with serving(kind()) as service:
        for wrong in ({"secret_key": "guessed", "token": "guessed"}, {"key": "another"}):
            with pytest.raises(Misconfigured) as caught:
                await asking(service, **wrong).wrap(b"s" * 32, {})
            assert "guessed" not in str(caught.value)


@pytest.mark.parametrize("kind", [AwsStandIn, VaultStandIn])
async def test_a_key_service_that_is_down_or_gone_is_away(kind: Any) -> None:
    async with serving(kind()) as service:
        service.down = True
        with pytest.raises(KeysAway):
            await asking(service).wrap(b"s" * 32, {})
    with pytest.raises(KeysAway):
        await asking(service).wrap(b"s" * 32, {})


async def test_a_token_that_an_agent_renews_is_read_each_time(tmp_path: Path) -> None:
    token = tmp_path / "token"
    async with serving(VaultStandIn(token="first")) as service:
        asked = VaultTransit(service.url, service.key, token_file=token)
        for each in ("first", "second"):
            service.token = each
            token.write_text(f"{each}\n")
            assert await asked.wrap(b"s", {})
        token.unlink()
        with pytest.raises(Misconfigured):
            await asked.wrap(b"s", {})


@pytest.mark.parametrize("kind", [AwsStandIn, VaultStandIn])
async def test_the_file_of_a_key_service_holds_no_key_and_each_is_unwrapped_once(kind: Any, tmp_path: Path) -> None:
    async with serving(kind()) as service:
        file = KeyFile(tmp_path / "master.keys", asking(service))
        ring = await file.read()
        first, asked = ring.secrets[1], len(service.asked)
        assert await file.announce() == 2
        await file.promote(2)
        again = await file.read()
        assert again.current == 2 and again.secrets[1] == first
        assert len(service.asked) == asked + 1, "to wrap the new one; nothing is asked twice"
        written_down = content(tmp_path / "master.keys")
        assert all(secret.hex() not in written_down for secret in again.secrets.values())
        assert (await KeyFile(tmp_path / "master.keys", asking(service)).read()).secrets == again.secrets
