"""The table of roles: closed, and no role both acts and keeps the record of acting."""

import pytest

from anban.provider.roles import ROLES, STAFF_ROLES, Right, Role, may, needs_code
from anban.web.rights import ADDRESSES, lock

ACTS: tuple[Right, ...] = ("staff.write", "service.write", "keys.write", "cases.act", "people.write")
ABOUT_PEOPLE: tuple[Right, ...] = ("people.read", "cases.read", "desk.work", "access.ask")


@pytest.mark.parametrize("role", STAFF_ROLES)
def test_whoever_reads_the_evidence_changes_nothing_that_it_tells_of(role: Role) -> None:
    assert not may(role, "evidence.read") or not any(may(role, act) for act in ACTS)


@pytest.mark.parametrize("role", ROLES)
def test_nobody_can_be_given_a_right_to_change_the_evidence(role: Role) -> None:
    assert not {right for right in ROLES[role].may if right.startswith("evidence.")} - {"evidence.read"}


@pytest.mark.parametrize("role", ["engineer", "auditor", "data-engineer", "administrator"])
def test_whoever_has_no_business_with_people_reaches_none(role: Role) -> None:
    assert not any(may(role, right) for right in ABOUT_PEOPLE)
    assert {"words", "identity"} <= ROLES[role].never


def test_administrators_and_officers_always_need_a_second_factor() -> None:
    assert {role for role in ROLES if needs_code(role)} == {"administrator", "officer"}


def test_only_those_at_the_desk_are_called() -> None:
    assert {role for role in STAFF_ROLES if ROLES[role].tier} == {"responder", "lead"}


def test_people_outside_have_no_right_of_the_staff() -> None:
    for role in ("user", "guardian", "contact"):
        assert not ROLES[role].may & {right for each in STAFF_ROLES for right in ROLES[each].may}


@pytest.mark.parametrize(
    ("method", "address", "needed"),
    [
        ("GET", "/anban/v1/people/{user}", "people.read"),
        ("PUT", "/anban/v1/people/{user}", "people.write"),
        ("GET", "/anban/v1/people/{user}/anything/new", "people.read"),
        ("POST", "/anban/v1/appeals/{case_id}/answer", "appeals.answer"),
        ("GET", "/anban/v1/ledger/export", "evidence.read"),
        ("DELETE", "/anban/v1/ledger", None),
        ("GET", "/anban/v1/nobody-thought-of-this", None),
        ("GET", "/desk", "desk.work"),
        ("POST", "/desk/cases/{case_id}/{act}", "desk.work"),
        ("POST", "/desk/access/{grant}/approve", "access.decide"),
        ("POST", "/desk/access/{grant}/end", "access.ask"),
        ("GET", "/deskside", None),
        ("GET", "/", "open"),
    ],
)
def test_the_longest_beginning_that_fits_decides(method: str, address: str, needed: str | None) -> None:
    assert lock(method, address) == needed


def test_every_right_of_the_staff_opens_something() -> None:
    asked = {needed for locks in ADDRESSES.values() for needed in locks}
    given = {right for role in STAFF_ROLES for right in ROLES[role].may}
    assert given <= asked
