"""A secret beside the data: one for all processes, for its owner only, and never an empty one."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from threading import Barrier

import pytest

from anban.base.errors import Misconfigured
from anban.base.secrets import kept_secret


def test_it_is_made_once_and_read_ever_after(tmp_path: Path) -> None:
    path = tmp_path / "below" / "admin.key"
    assert kept_secret(path, lambda: "first") == kept_secret(path, lambda: "second") == "first"
    assert path.stat().st_mode & 0o077 == 0
    assert list(path.parent.iterdir()) == [path]


def test_processes_that_start_together_all_read_the_same(tmp_path: Path) -> None:
    together, numbers = Barrier(8), count()

    def made() -> str:
        together.wait(5)
        return f"secret-{next(numbers)}"

    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(kept_secret, tmp_path / "admin.key", made) for _ in range(8)]
        assert len({each.result() for each in asked}) == 1
    assert [each.name for each in tmp_path.iterdir()] == ["admin.key"]


def test_an_empty_one_opens_nothing(tmp_path: Path) -> None:
    (tmp_path / "admin.key").write_text("\n")
    with pytest.raises(Misconfigured):
        kept_secret(tmp_path / "admin.key", lambda: "new")
