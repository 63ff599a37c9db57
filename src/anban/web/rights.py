"""Which right does each address ask for? The longest beginning that fits decides; an address that stands nowhere is
opened by the deployment's own key alone."""

from typing import Final, Literal

from anban.provider.roles import Right

Door = Literal["open", "service", "own.page", "child.overview", "letter.answer", "signed-in"]
"""Doors with a lock of their own: everybody; an app's service key; a person's own page; a guardian's session; the link
in a letter; anybody who has logged in at the desk."""

Locks = tuple[Right | Door | None, Right | Door | None]
"""What reading needs and what changing needs; None is for the deployment's own key."""

ADDRESSES: Final[dict[str, Locks]] = {
    "/": ("open", "open"),
    "/static": ("open", None),
    "/healthz": ("open", None),
    "/readyz": ("open", None),
    "/metrics": ("open", None),
    "/openapi.json": ("open", None),
    "/status": ("open", None),
    "/processors": ("open", None),
    "/anban/v1/processors": ("open", None),
    "/anban/v1/schema": ("open", None),
    "/anban/v1/usage": ("service", None),
    "/chat/say": (None, "open"),
    "/v1": ("service", "service"),
    "/anban/v1/events": ("service", "service"),
    "/anban/v1/exit": (None, "service"),
    "/me": ("own.page", "own.page"),
    "/me/closed": ("open", None),
    "/me/enter": ("letter.answer", "letter.answer"),
    "/guardian": ("child.overview", "child.overview"),
    "/guardian/login": ("open", "open"),
    "/guardian/enter": ("letter.answer", "letter.answer"),
    "/seen": ("letter.answer", "letter.answer"),
    "/invited": ("letter.answer", "letter.answer"),
    "/desk": ("desk.work", "desk.work"),
    "/desk/lead": ("desk.lead", "desk.lead"),
    "/desk/words": ("desk.lead", "desk.lead"),
    "/desk/personas": ("desk.lead", "desk.lead"),
    "/desk/access": ("access.ask", "access.ask"),
    "/desk/access/{grant}/approve": (None, "access.decide"),
    "/desk/access/{grant}/refuse": (None, "access.decide"),
    "/desk/account": ("signed-in", "signed-in"),
    "/desk/login": ("open", "open"),
    "/desk/logout": (None, "signed-in"),
    "/anban/v1/people": ("people.read", "people.write"),
    "/anban/v1/people/{user}/copies": (None, None),
    "/anban/v1/people/{user}/erasures": ("people.read", None),
    "/anban/v1/people/{user}/holds": (None, None),
    "/anban/v1/erasures": ("people.read", None),
    "/copies": ("letter.answer", None),
    "/anban/v1/guardians": ("people.read", "people.write"),
    "/anban/v1/cases": ("cases.read", "cases.act"),
    "/anban/v1/queue": ("cases.read", None),
    "/anban/v1/appeals": ("cases.read", "people.write"),
    "/anban/v1/appeals/{case_id}/answer": (None, "appeals.answer"),
    "/anban/v1/complaints": ("complaints.read", "complaints.write"),
    "/anban/v1/ledger": ("evidence.read", None),
    "/anban/v1/decisions": ("evidence.read", None),
    "/anban/v1/evidence": ("evidence.read", None),
    "/anban/v1/duties": ("duties.read", None),
    "/anban/v1/data-map": ("duties.read", None),
    "/anban/v1/drills": ("drills.read", "drills.run"),
    "/anban/v1/helplines": ("lines.read", "service"),
    "/anban/v1/staff": ("staff.read", "staff.write"),
    "/anban/v1/rota": ("rota.read", "rota.write"),
    "/anban/v1/switch": (None, "service.write"),
    "/anban/v1/keys": ("keys.read", "keys.write"),
    "/anban/v1/words": ("words.read", "words.write"),
    "/anban/v1/personas": ("personas.read", "personas.write"),
    "/anban/v1/data": ("data.read", "data.write"),
}
"""`{name}` stands for one part of an address, as in the routes themselves."""


def lock(method: str, address: str) -> Right | Door | None:
    """What `method` on this route needs; `address` is the route's own, with its parameters as `{name}`."""
    parts = address.rstrip("/").split("/")
    for size in range(len(parts), 1, -1):
        found = ADDRESSES.get("/".join(parts[:size]))
        if found is not None:
            return found[0 if method in ("GET", "HEAD", "OPTIONS") else 1]
    return ADDRESSES["/"][0 if method in ("GET", "HEAD") else 1] if address in ("", "/") else None
