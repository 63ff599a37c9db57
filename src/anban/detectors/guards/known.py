"""The families this package can speak to, found in this folder: a new one is one new file."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType

import anban.detectors.guards as folder
from anban.base.errors import Misconfigured
from anban.detectors.guards.family import Family


@cache
def families() -> Mapping[str, Family]:
    """Name -> family, of every module here that has a `FAMILY`."""
    modules = (import_module(f"{folder.__name__}.{module.name}") for module in iter_modules(folder.__path__))
    found = [module.FAMILY for module in modules if hasattr(module, "FAMILY")]
    return MappingProxyType({family.name: family for family in sorted(found, key=lambda family: family.name)})


def family_named(name: str) -> Family:
    """The family of that name. Raises `Misconfigured` naming those there are."""
    known = families()
    if name not in known:
        raise Misconfigured(f"ANBAN_GUARD_FAMILY must be one of {', '.join(known)}", field="ANBAN_GUARD_FAMILY")
    return known[name]
