"""Looks for somebody's words in raw files, in every spelling in which a machine might have left them."""

import base64
from collections.abc import Iterable, Iterator
from pathlib import Path


def spellings(text: str) -> tuple[bytes, ...]:
    """The bytes that `text` could have become: UTF-8, UTF-16 both ways, GBK; plain, escaped, in base64 and in hex."""
    plain = [text.encode(), text.encode("utf-16-le"), text.encode("utf-16-be"), text.encode("gbk", "ignore")]
    found = {*plain, text.encode("unicode_escape"), *(each.hex().encode() for each in plain)}
    found |= {each.hex().upper().encode() for each in plain}
    for each in plain:
        # The same bytes read differently in base64 by where they begin; the edges depend on their neighbours.
        for shift in range(3):
            coded = base64.b64encode(b"\0" * shift + each)
            found.add(coded[4:-4] if shift else coded[:-4])
            found.add(coded[4:-4].replace(b"+", b"-").replace(b"/", b"_"))
    return tuple(each for each in found if len(each) >= 8)


def residue(folders: Iterable[Path], words: Iterable[str]) -> list[str]:
    """`file: word` for each file under these folders that holds one of these words in any spelling."""
    wanted = {each: spellings(each) for each in words}
    found: list[str] = []
    for path in sorted({path for folder in folders for path in _files(folder)}):
        try:
            raw = path.read_bytes()
        except FileNotFoundError:
            continue  # a database tidies while we look
        found += [f"{path.name}: {word}" for word, forms in wanted.items() if any(form in raw for form in forms)]
    return found


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_file():
        yield folder
        return
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            yield path
