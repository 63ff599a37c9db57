"""Every address of the app as its own route table gives them: what tests over all doors are generated from."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from litestar import Litestar
from litestar.routes import HTTPRoute

OURS = "anban."


@dataclass(frozen=True, slots=True)
class Route:
    """One method at one address: `path` has its parameters as `{name}`, `asks` are its query parameters."""

    method: str
    path: str
    name: str
    asks: tuple[str, ...]

    @property
    def parameters(self) -> tuple[str, ...]:
        return tuple(re.findall(r"{(\w+)}", self.path))

    def at(self, **values: str) -> str:
        """The address with these values for its parameters."""
        return re.sub(r"{(\w+)}", lambda found: values[found[1]], self.path)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def routes_of(app: Litestar) -> list[Route]:
    """Every door of ours, and what the framework hung beside them, in the order of their addresses."""
    return sorted(_routes(app), key=lambda route: (route.path, route.method))


def _routes(app: Litestar) -> Iterator[Route]:
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            raise AssertionError(f"{route.path} is neither a page nor an API: say here how it is tested")
        for handler in route.route_handlers:
            for method in sorted(handler.http_methods - {"OPTIONS"}):
                yield Route(method, route.path_format, handler.fn.__name__, tuple(_asked(handler, route)))


def _asked(handler: Any, route: HTTPRoute) -> Iterator[str]:
    """The names of the query parameters that a handler reads by its signature."""
    known = {"request", "data", "state", "scope", "headers", "cookies", "query", "body", "socket"}
    known |= set(handler.resolve_dependencies()) | set(re.findall(r"{(\w+)}", route.path_format))
    for name, given in handler.parsed_fn_signature.parameters.items():
        if name not in known:
            yield next((meta.query for meta in given.metadata if getattr(meta, "query", None)), None) or name
