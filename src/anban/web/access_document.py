"""Writes the tables of docs/access.md from the code: `python -m anban.web.access_document docs/access.md`."""

import re
import sys
from collections.abc import Iterable
from pathlib import Path

from anban.provider.roles import ROLES, Role
from anban.web.rights import ADDRESSES
from anban.words.reading import read_pages


def renewed(page: str) -> str:
    """The page with its two tables as they are now; what people wrote around them stays."""
    for name, lines in (("roles", _roles()), ("addresses", _addresses())):
        mark, table = f"<!-- {name} -->", "\n".join(lines)
        whole = re.compile(re.escape(mark) + r".*?<!-- end -->", re.DOTALL)
        page = whole.sub(lambda _, mark=mark, table=table: f"{mark}\n{table}\n<!-- end -->", page)
    return page


def _roles() -> Iterable[str]:
    zh, en = read_pages("zh"), read_pages("en")
    yield "| Role | May | Never sees |"
    yield "|---|---|---|"
    for role, powers in ROLES.items():
        may = "；".join(f"{zh[f'right.{each}']} `{each}`" for each in sorted(powers.may))
        never = "；".join(zh[f"sight.{each}"] for each in sorted(powers.never))
        yield f"| **{zh[f'role.{role}']}** {en[f'role.{role}']}{_mark(role)} | {may} | {never} |"


def _mark(role: Role) -> str:
    return " ⚿" if ROLES[role].code else ""


def _addresses() -> Iterable[str]:
    yield "| Address | Read | Change |"
    yield "|---|---|---|"
    for address, (read, change) in sorted(ADDRESSES.items()):
        yield f"| `{address}` | {_asked(read)} | {_asked(change)} |"


def _asked(needed: str | None) -> str:
    return "—" if needed is None else f"`{needed}`"


if __name__ == "__main__":
    where = Path(sys.argv[1])
    where.write_text(renewed(where.read_text(encoding="utf-8")), encoding="utf-8")
