"""A secret in a file of its own: made once, whole or not at all, readable by its owner only."""

import os
from collections.abc import Callable
from pathlib import Path

from anban.base.errors import Misconfigured
from anban.base.ids import new_id


def kept_secret(path: Path, make: Callable[[], str]) -> str:
    """The secret in `path`; what `make` gives is written there first where there is none.

    Of processes that start together one makes it and all read the same. Raises `Misconfigured` for an empty file: an
    empty secret would open to everybody.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        part = path.with_name(new_id(f"{path.name}."))
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "w") as file:
                file.write(make())
                file.flush()
                os.fsync(file.fileno())
            _published(part, path)
        finally:
            part.unlink(missing_ok=True)
    secret = path.read_text().strip()
    if not secret:
        raise Misconfigured(f"{path.name} is empty; remove it, and a new one is made", field=path.name)
    return secret


def _published(part: Path, path: Path) -> None:
    try:
        os.link(part, path)
    except FileExistsError:
        return  # another process was first: theirs is the secret
    except OSError:
        os.replace(part, path)  # a file system without links
