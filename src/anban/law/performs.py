"""Marks the code that performs a duty, so that a duty's name leads to its code. Costs nothing at run time."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from anban.base.errors import Misconfigured

F = TypeVar("F", bound=Callable[..., Any])

# A duty's id is its file's name, so the names are known without reading a file.
_KNOWN = frozenset(path.stem for path in (Path(__file__).parent / "duties").glob("*.yaml"))
_PACKAGE = __name__.partition(".")[0]
_performed: dict[str, dict[str, None]] = {}


def performs(*duties: str) -> Callable[[F], F]:
    """Mark a function or class as performing these duties; the very same object comes back.

    Raises `Misconfigured` at import for a duty that has no file in `law/duties/`.
    """
    for duty in duties or ("",):
        if duty not in _KNOWN:
            raise Misconfigured(f"no duty is called {duty!r}", field=duty)

    def mark(what: F) -> F:
        name = f"{what.__module__}:{what.__qualname__}"
        for duty in duties:
            _performed.setdefault(duty, {})[name] = None
        return what

    return mark


def performed_by(package: str = _PACKAGE) -> Mapping[str, tuple[str, ...]]:
    """Duty id -> `module:qualname` of each performer in those modules of `package` that were imported so far."""
    found = {duty: tuple(sorted(n for n in names if n.startswith(f"{package}."))) for duty, names in _performed.items()}
    return MappingProxyType({duty: names for duty, names in sorted(found.items()) if names})


def see_every_room() -> None:
    """Import every module of the package, so that `performed_by` is complete. For reports and checks, not for turns."""
    package = importlib.import_module(_PACKAGE)
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not found.name.endswith(".__main__"):
            importlib.import_module(found.name)
