"""A sealed file gives back what was written, holds none of it in the open, and notices whatever is done to it."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anban.base.keys import DataKey, Unreadable
from anban.privacy.copying.sealed_file import PIECE, SealedFile, unsealed

KEY = DataKey(1, b"k" * 32)
PLACE = "copies|usr|copy|1"
SECRET = b"a cat called Doubao. "


def written(path: Path, content: bytes, step: int = 5_000) -> None:
    file = SealedFile(path, KEY, PLACE)
    for start in range(0, len(content), step):
        file.write(content[start : start + step])
    assert file.size == len(content)
    file.finish()


def pieces(path: Path) -> list[bytes]:
    """The sealed pieces as they lie in the file, each with its length in front."""
    raw, found = path.read_bytes(), []
    while raw:
        size = 4 + int.from_bytes(raw[:4], "big")
        found.append(raw[:size])
        raw = raw[size:]
    return found


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 3 * PIECE + 7])
@pytest.mark.parametrize("step", [999, PIECE, 10 * PIECE])
def test_what_was_written_comes_back_whole(tmp_path: Path, size: int, step: int) -> None:
    content = (SECRET * (size // len(SECRET) + 1))[:size]
    written(tmp_path / "f", content, step)
    assert b"".join(unsealed(tmp_path / "f", KEY, PLACE)) == content
    assert SECRET not in (tmp_path / "f").read_bytes()
    assert (tmp_path / "f").stat().st_mode & 0o077 == 0


def test_a_file_without_its_last_piece_does_not_pass_for_whole(tmp_path: Path) -> None:
    file = SealedFile(tmp_path / "f", KEY, PLACE)
    file.write(SECRET * 10_000)
    file.give_up()
    with pytest.raises(Unreadable):
        list(unsealed(tmp_path / "f", KEY, PLACE))


def test_pieces_that_are_left_out_moved_or_taken_from_elsewhere_are_noticed(tmp_path: Path) -> None:
    path = tmp_path / "f"
    written(path, SECRET * 20_000)
    one, two, *rest = pieces(path)
    other = tmp_path / "g"
    file = SealedFile(other, KEY, "copies|usr|another|1")
    file.write(SECRET * 20_000)
    file.finish()
    for changed in ([two, one, *rest], [two, *rest], [one, *rest], [one], [one, two, *rest, one], pieces(other), []):
        path.write_bytes(b"".join(changed))
        with pytest.raises(Unreadable):
            list(unsealed(path, KEY, PLACE))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_flipped_bit_or_a_cut_is_noticed_wherever_it_is(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
):
    path = tmp_path_factory.mktemp("sealed") / "f"
    written(path, SECRET * 4_000)
    raw = bytearray(path.read_bytes())
    if data.draw(st.booleans()):
        raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    else:
        del raw[data.draw(st.integers(0, len(raw) - 1)) :]
    path.write_bytes(raw)
    with pytest.raises(Unreadable):
        list(unsealed(path, KEY, PLACE))


def test_another_key_opens_nothing(tmp_path: Path) -> None:
    written(tmp_path / "f", SECRET)
    with pytest.raises(Unreadable):
        list(unsealed(tmp_path / "f", DataKey(1, b"x" * 32), PLACE))
