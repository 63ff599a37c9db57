"""`anban staff` and `anban rota`: who works at the desk, and when; asked of the running service."""

import secrets
import sys
from getpass import getpass
from urllib.parse import quote

import orjson
from rich.console import Console

from anban.base.errors import BadInput
from anban.cli.service import Service

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def show_staff(service: Service, *, as_json: bool) -> int:
    """Everybody at the desk; 1 when there is nobody."""
    people = service.ask("GET", "/anban/v1/staff")
    if as_json:
        sys.stdout.buffer.write(orjson.dumps(people, option=orjson.OPT_INDENT_2) + b"\n")
        return 0 if people else 1
    out = _console()
    for each in people:
        resting = f"  resting until {each['resting_until'][:16]}" if each["resting_until"] else ""
        routes = ", ".join(each["routes"]) or "desk page only"
        out.print(
            f"{each['login']:<16} {each['name']:<12} {each['role']:<13} "
            f"{('line ' + str(each['tier'])) if each['tier'] else '-':<6}  {each['state']:<7} "
            f"{routes}{resting}",
            markup=False,
        )
    if not people:
        out.print("nobody works at the desk; add somebody with `anban staff add`")
    return 0 if people else 1


def add(service: Service, login: str, name: str, role: str, tier: int, routes: list[str]) -> int:
    """Add somebody. The password is asked for, or read from a pipe; without one it is made and shown once."""
    password, made = _password(login)
    given: list[dict[str, str]] = []
    for each in routes:
        route, found, address = each.partition(":")
        if not found or not address:
            raise BadInput("a route is written kind:address, such as phone:13800000000", field="routes")
        given.append({"route": route, "address": address})
    body = {"login": login, "name": name, "role": role, "tier": tier, "password": password, "routes": given}
    answer = service.ask("POST", "/anban/v1/staff", body)
    out = _console()
    line = f", line {answer['tier']}" if answer["tier"] else ""
    out.print(f"{login} works here now ({role}{line})", markup=False)
    if made:
        out.print(f"  password       {password}   (shown once)", markup=False)
    _enrol(out, answer)
    if answer["tier"]:
        out.print("  give them hours with `anban rota add`: without a shift nobody calls them")
    return 0


def change_role(service: Service, login: str, role: str) -> int:
    """Another role; everything that was open under the old one ends."""
    service.ask("POST", f"/anban/v1/staff/{quote(login, safe='')}/role", {"role": role})
    _console().print(f"{login} is {role} now; every log-in, key and access of theirs has ended", markup=False)
    return 0


def make_key(service: Service, login: str, label: str, days: int, code: str) -> int:
    """A key for a program of theirs, shown once."""
    body = {"label": label, "days": days, "code": code}
    answer = service.ask("POST", f"/anban/v1/staff/{quote(login, safe='')}/keys", body)
    out = _console()
    out.print(f"{answer['key']}", markup=False)
    out.print(f"  {answer['id']}, until {answer['expires_at'][:16]}Z   (shown once)", markup=False)
    return 0


def show_keys(service: Service, login: str) -> int:
    """Every key that somebody has or had; 1 when there is none."""
    keys = service.ask("GET", f"/anban/v1/staff/{quote(login, safe='')}/keys")
    out = _console()
    for each in keys:
        ended = f"ended {each['ended_at'][:16]}Z" if each["ended_at"] else f"until {each['expires_at'][:16]}Z"
        out.print(f"{each['id']}  {ended}  {each['label']}", markup=False)
    if not keys:
        out.print("no keys")
    return 0 if keys else 1


def end_key(service: Service, login: str, key: str) -> int:
    """One key opens nothing any more."""
    service.ask("DELETE", f"/anban/v1/staff/{quote(login, safe='')}/keys/{quote(key, safe='')}")
    _console().print(f"{key} opens nothing any more", markup=False)
    return 0


def renew_password(service: Service, login: str) -> int:
    """A new password; every log-in of theirs ends."""
    password, made = _password(login)
    service.ask("POST", f"/anban/v1/staff/{quote(login, safe='')}/password", {"password": password})
    out = _console()
    out.print(f"{login} has a new password; every log-in of theirs has ended", markup=False)
    if made:
        out.print(f"  password       {password}   (shown once)", markup=False)
    return 0


def renew_code(service: Service, login: str) -> int:
    """A new secret for the authenticator app; every log-in of theirs ends."""
    answer = service.ask("POST", f"/anban/v1/staff/{quote(login, safe='')}/totp", {})
    out = _console()
    out.print(f"{login} has a new secret; every log-in of theirs has ended", markup=False)
    _enrol(out, answer)
    return 0


def switch(service: Service, login: str, act: str) -> int:
    """Somebody stops working here, or comes back."""
    service.ask("POST", f"/anban/v1/staff/{quote(login, safe='')}/{act}", {})
    said = "works at the desk again" if act == "on" else "is off: nothing opens for them, and nobody calls them"
    _console().print(f"{login} {said}", markup=False)
    return 0


def show_rota(service: Service, *, as_json: bool) -> int:
    """The shifts, who is on duty, and the holes of the coming week; 1 when nobody is on duty now."""
    rota = service.ask("GET", "/anban/v1/rota")
    if as_json:
        sys.stdout.buffer.write(orjson.dumps(rota, option=orjson.OPT_INDENT_2) + b"\n")
        return 0 if rota["on_duty"] else 1
    out = _console()
    for each in rota["shifts"]:
        days = "every day" if len(each["weekdays"]) == 7 else ",".join(DAYS[day] for day in each["weekdays"])
        until = f" until {each['until_day']}" if each["until_day"] else ""
        out.print(
            f"{each['login']:<16} {days:<28} {each['begins']}-{each['ends']} {each['time_zone']}  "
            f"from {each['from_day']}{until}",
            markup=False,
        )
    now = ", ".join(f"{each['login']} (line {each['tier']})" for each in rota["on_duty"])
    out.print(f"on duty now: {now or 'nobody'}", markup=False)
    if rota["empty_hours"]:
        out.print(f"nobody is there in {rota['empty_hours']} hours of the next seven days")
    return 0 if rota["on_duty"] else 1


def add_hours(
    service: Service, login: str, hours: str, days: str, time_zone: str, from_day: str | None, until_day: str | None
) -> int:
    """Hours that come again, such as 08:00-20:00 on mon,tue or `all` days."""
    begins, found, ends = hours.partition("-")
    if not found:
        raise BadInput("hours are written 08:00-20:00; an end before the beginning lies on the next day", field="hours")
    ends = "00:00" if ends == "24:00" else ends
    named = DAYS if days == "all" else tuple(day.strip().lower()[:3] for day in days.split(","))
    if unknown := [day for day in named if day not in DAYS]:
        raise BadInput(f"no such day: {unknown[0]}; write mon,tue,wed,thu,fri,sat,sun or all", field="days")
    body = {
        "login": login, "begins": begins, "ends": ends, "time_zone": time_zone,
        "weekdays": sorted({DAYS.index(day) for day in named}),
        **({"from_day": from_day} if from_day else {}), **({"until_day": until_day} if until_day else {}),
    }  # fmt: skip
    answer = service.ask("POST", "/anban/v1/rota", body)
    _console().print(f"added: {answer['id']}", markup=False)
    return 0


def _password(login: str) -> tuple[str, bool]:
    """The password, and whether we made it."""
    if sys.stdin.isatty():
        typed = getpass(f"password for {login} (empty: make one): ")
    else:
        typed = sys.stdin.readline().rstrip("\r\n")
    return (typed, False) if typed else (secrets.token_urlsafe(15), True)


def _enrol(out: Console, answer: dict[str, str]) -> None:
    out.print(f"  code secret    {answer['secret']}   (shown once; type it into an authenticator app)", markup=False)
    out.print(f"  or as address  {answer['enrolment']}", markup=False)


def _console() -> Console:
    return Console(highlight=False, soft_wrap=True)
