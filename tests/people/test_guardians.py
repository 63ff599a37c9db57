"""Nobody is a guardian but by every step: a small model beside the code, moved at random, says who may be bound."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, precondition, rule
from sqlalchemy import Connection, create_engine

from anban.app import every_table
from anban.base.db import Database
from anban.base.errors import Conflict, Forbidden, NotFound
from anban.ledger.entry import Entry
from anban.ledger.kinds import Kind
from anban.ledger.reading import for_subject
from anban.people.ages import bound_guardians, record_age
from anban.people.claims import claims_on, read_claim
from anban.people.consents import give, in_force
from anban.people.contacts import contacts_of, every_contact, replace_contacts
from anban.people.guardian_sessions import ask_link, enter, guardian_inside
from anban.people.guardians import (
    claim,
    confirm_by_child,
    decide_by_desk,
    enter_code,
    move_on,
    object_to,
    refuse_by_child,
    revoke,
)
from anban.people.home import UNSAFE, clear_home, home_marked, mark_home
from anban.people.standing import standing_at
from tests.people.family import KEYS, NOON, again, bound, claimant, code_of, letters, rules, service, someone

CODE = timedelta(minutes=30)
WAIT = timedelta(hours=72)
SHORT = timedelta(hours=1)


@dataclass
class Model:
    """One claim as it must go: what was done, and when it may bind."""

    target: str
    made_at: datetime
    state: str = "claimed"
    tries: int = 0
    waits_until: datetime | None = None
    held: str = ""
    code: str = field(default="", repr=False)


class Claims(RuleBasedStateMachine):
    """A child, an adult and nobody; claimants who guess, wait, and whom people stop."""

    ids = Bundle("ids")

    def __init__(self) -> None:
        super().__init__()
        engine = create_engine("sqlite://")
        self.connection: Connection = engine.connect()
        every_table().create_all(self.connection)
        self.now = NOON
        self.child = someone(self.connection, "child", age_band="12-15")
        someone(self.connection, "grown", age_band="adult")
        self.model: dict[str, Model] = {}
        self.marked = False
        self.claims = 0

    @initialize(target=ids)
    def one_is_bound_one_waits_and_one_has_claimed(self) -> object:
        first = self.somebody_claims("child")
        self.they_enter(first, self.model[first].code)
        self.time_passes(60 * 72)
        second = self.somebody_claims("child")
        self.they_enter(second, self.model[second].code)
        return multiple(first, second, self.somebody_claims("child"))

    @rule(target=ids, who=st.sampled_from(["child", "child", "child", "grown", "nobody"]))
    def one_more_claims(self, who: str) -> object:
        return self.somebody_claims(who)

    def somebody_claims(self, who: str) -> str:
        self.claims += 1
        identifier, _ = claim(self.connection, KEYS, self.child.service, who, claimant(self.claims), self.now, rules())
        self.model[identifier] = Model(who, self.now, code=code_of(self.connection, identifier))
        return identifier

    @rule(identifier=ids, kindly=st.integers(0, 9), right=st.sampled_from([True, True, False]))
    def they_enter_a_code(self, identifier: str, kindly: int, right: bool) -> None:
        identifier = self.fitting(identifier, kindly, "claimed")
        self.they_enter(identifier, self.model[identifier].code if right else "nonsense")

    def fitting(self, identifier: str, kindly: int, *states: str) -> str:
        """Mostly a claim on the child that is so far; now and then any, so that what does not fit is tried as well."""
        fit = [name for name, each in self.model.items() if each.state in states and each.target == "child"]
        return fit[kindly % len(fit)] if kindly and fit else identifier

    def they_enter(self, identifier: str, code: str) -> None:
        model = self.model[identifier]
        right = code == model.code
        opened = enter_code(self.connection, KEYS, identifier, code, self.now, rules())
        live = model.state == "claimed" and self.now < model.made_at + CODE
        assert opened == (live and right)
        if live and right:
            model.state, model.waits_until = "waiting", self.now + WAIT
        elif live:
            model.tries += 1
            if model.tries == 5:
                model.state = "refused"

    @rule(identifier=ids, kindly=st.integers(0, 9))
    def the_child_says_yes(self, identifier: str, kindly: int) -> None:
        identifier = self.fitting(identifier, kindly, "waiting")
        model = self.model[identifier]
        if model.target == "child" and model.state == "waiting":
            confirm_by_child(self.connection, self.child, identifier, self.now, rules())
            assert model.waits_until is not None
            model.waits_until = min(model.waits_until, self.now + SHORT)
        else:
            with pytest.raises(NotFound):
                confirm_by_child(self.connection, self.child, identifier, self.now, rules())

    @rule(identifier=ids, kindly=st.integers(0, 9))
    def the_child_says_no(self, identifier: str, kindly: int) -> None:
        identifier = self.fitting(identifier, kindly, "claimed", "waiting")
        model = self.model[identifier]
        if model.target == "child" and model.state in ("claimed", "waiting"):
            refuse_by_child(self.connection, self.child, identifier, self.now, rules())
            model.held = "child"
        else:
            with pytest.raises(NotFound):
                refuse_by_child(self.connection, self.child, identifier, self.now, rules())

    @rule(identifier=ids, other=ids, kindly=st.integers(0, 9))
    def a_guardian_objects(self, identifier: str, other: str, kindly: int) -> None:
        identifier = self.fitting(identifier, kindly, "waiting", "claimed")
        other = self.fitting(other, kindly, "bound", "claimed")
        model, objector = self.model[identifier], self.model[other]
        may = objector.state == "bound" and model.target == "child" and model.state in ("claimed", "waiting")
        if may:
            object_to(self.connection, identifier, other, self.now, rules())
            model.state = "refused"
        else:
            with pytest.raises(NotFound):
                object_to(self.connection, identifier, other, self.now, rules())

    @rule(identifier=ids, kindly=st.integers(0, 9), granted=st.booleans())
    def the_desk_decides(self, identifier: str, kindly: int, granted: bool) -> None:
        identifier = self.fitting(identifier, kindly, "waiting", "claimed")
        model = self.model[identifier]
        if model.target != "child" or model.state not in ("claimed", "waiting"):
            return
        decide_by_desk(self.connection, identifier, granted, "an", self.now, rules())
        if granted:
            model.held = "desk"
        else:
            model.state = "refused"

    @precondition(lambda self: not self.marked)
    @rule()
    def it_is_said_that_home_is_unsafe(self) -> None:
        mark_home(self.connection, self.child, "user", "said-so", self.now, rules())
        self.marked = True

    @precondition(lambda self: self.marked)
    @rule()
    def the_desk_takes_the_mark_back(self) -> None:
        clear_home(self.connection, self.child, self.now, rules())
        self.marked = False

    @rule(identifier=ids, kindly=st.integers(0, 9))
    def they_guess_until_they_are_stopped(self, identifier: str, kindly: int) -> None:
        identifier = self.fitting(identifier, kindly, "claimed")
        for _ in range(5):
            self.they_enter(identifier, "nonsense")

    @rule(minutes=st.sampled_from([1, 29, 61]))
    def a_little_time_passes(self, minutes: int) -> None:
        self.time_passes(minutes)

    @precondition(lambda self: any(each.state == "waiting" for each in self.model.values()))
    @rule(minutes=st.sampled_from([30, 72 * 60, 72 * 60]))
    def much_time_passes(self, minutes: int) -> None:
        self.time_passes(minutes)

    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        for identifier, model in self.model.items():
            user = self.child if model.target == "child" else None
            move_on(self.connection, KEYS, user, identifier, self.now, rules())
            if model.state == "claimed" and self.now >= model.made_at + CODE:
                model.state = "expired"
            elif model.state == "waiting" and model.waits_until is not None and self.now >= model.waits_until:
                if model.target != "child":
                    model.state = "refused"
                elif self.marked and model.held != "desk":
                    model.held = "home"
                elif model.held in ("", "desk"):
                    model.state = "bound"

    @rule(identifier=ids, kindly=st.integers(0, 9))
    def the_desk_revokes(self, identifier: str, kindly: int) -> None:
        identifier = self.fitting(identifier, kindly, "bound")
        model = self.model[identifier]
        if model.state == "bound":
            revoke(self.connection, KEYS, self.child, identifier, "desk", self.now, rules())
            model.state = "revoked"
        else:
            with pytest.raises(NotFound):
                revoke(self.connection, KEYS, self.child, identifier, "desk", self.now, rules())

    @invariant()
    def only_who_went_through_every_step_is_bound(self) -> None:
        expected = {name for name, each in self.model.items() if each.state == "bound"}
        assert set(bound_guardians(self.connection, self.child.id)) == expected

    @invariant()
    def nobody_else_reaches_any_data(self) -> None:
        standing = standing_at(self.connection, self.child, self.now, rules())
        for number, (name, model) in enumerate(self.model.items(), 1):
            links = ask_link(self.connection, KEYS, self.child.service, claimant(number).code_to, self.now, rules())
            if model.state == "bound":
                continue
            assert links == 0
            with pytest.raises(Forbidden):
                give(self.connection, self.child, standing, "use", "1", "guardian", self.now, rules(), guardian=name)
        assert in_force(self.connection, self.child.id, self.now) == frozenset()

    @invariant()
    def guardians_of_an_unsafe_home_are_held_and_all_others_are_not(self) -> None:
        for contact in contacts_of(self.connection, self.child):
            assert contact.unsafe == (UNSAFE if self.marked else "")

    def teardown(self) -> None:
        self.connection.close()


Claims.TestCase.settings = settings(
    max_examples=80, stateful_step_count=15, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)  # fmt: skip
TestClaims = Claims.TestCase


async def test_every_guardian_already_bound_is_told_and_may_come_in_by_the_letter_and_object(db: Database) -> None:
    def work(connection: Connection) -> None:
        child = someone(connection, age_band="12-15")
        first = bound(connection, child)
        later = NOON + timedelta(days=10)
        second, _ = claim(connection, KEYS, child.service, child.ref, claimant(1), later, rules())
        (told,) = letters(connection, "family.claim-told", second)
        assert told["ways"][0] == claimant(0).code_to
        session = enter(connection, told["path"].rpartition("/")[2], later, rules())
        assert session is not None
        inside = guardian_inside(connection, session, later)
        assert inside is not None and (inside.guardian, inside.user) == (first, child.id)
        assert object_to(connection, second, inside.guardian, later, rules()).state == "refused"

    await db.write(work)


async def test_a_link_is_used_once_and_a_session_ends_by_itself_and_with_the_bond(db: Database) -> None:
    def work(connection: Connection) -> None:
        child = someone(connection, age_band="12-15")
        guardian = bound(connection, child)
        later = NOON + timedelta(days=10)
        assert ask_link(connection, KEYS, child.service, ("email", "PARENT0@example.cn "), later, rules()) == 1
        assert ask_link(connection, KEYS, child.service, claimant(0).code_to, later, rules()) == 0, "at once again"
        (letter,) = letters(connection, "family.link")
        token = letter["path"].rpartition("/")[2]
        assert enter(connection, token, later + timedelta(minutes=15), rules()) is None, "too late"
        session = enter(connection, token, later + timedelta(minutes=14), rules())
        assert session is not None and enter(connection, token, later, rules()) is None, "used"
        assert guardian_inside(connection, session, later + timedelta(hours=12)) is not None
        assert guardian_inside(connection, session, later + timedelta(hours=13)) is None
        revoke(connection, KEYS, child, guardian, "guardian", later, rules())
        assert guardian_inside(connection, session, later) is None

    await db.write(work)


async def test_a_person_of_unknown_age_is_bound_only_by_their_own_yes(db: Database) -> None:
    def work(connection: Connection) -> None:
        who = someone(connection)
        identifier, _ = claim(connection, KEYS, who.service, who.ref, claimant(), NOON, rules())
        enter_code(connection, KEYS, identifier, code_of(connection, identifier), NOON, rules())
        late = NOON + timedelta(days=30)
        assert move_on(connection, KEYS, who, identifier, late, rules()) is None
        assert bound_guardians(connection, who.id) == ()
        confirm_by_child(connection, who, identifier, late, rules())
        move_on(connection, KEYS, who, identifier, late + timedelta(hours=1), rules())
        assert bound_guardians(connection, who.id) == (identifier,)

    await db.write(work)


async def test_when_the_child_says_no_time_alone_binds_nobody(db: Database) -> None:
    def work(connection: Connection) -> None:
        child = someone(connection, age_band="12-15")
        identifier, _ = claim(connection, KEYS, child.service, child.ref, claimant(), NOON, rules())
        enter_code(connection, KEYS, identifier, code_of(connection, identifier), NOON, rules())
        refuse_by_child(connection, child, identifier, NOON, rules())
        confirm_by_child(connection, child, identifier, NOON, rules())
        for days in (1, 3, 30, 300):
            move_on(connection, KEYS, child, identifier, NOON + timedelta(days=days), rules())
        assert bound_guardians(connection, child.id) == ()

    await db.write(work)


async def test_of_age_somebody_may_let_a_guardian_go_and_what_they_consented_to_ends(db: Database) -> None:
    def work(connection: Connection) -> None:
        child = someone(connection, age_band="16-17")
        guardian, later = bound(connection, child), NOON + timedelta(days=5)
        standing = standing_at(connection, child, later, rules())
        give(connection, child, standing, "use", "1", "guardian", later, rules(), guardian=guardian)
        with pytest.raises(Forbidden):
            revoke(connection, KEYS, child, guardian, "user", later, rules())
        grown = record_age(connection, child, "verified", "adult", later, rules(), source="id-check")
        revoke(connection, KEYS, grown, guardian, "user", later, rules())
        assert in_force(connection, child.id, later) == frozenset() and contacts_of(connection, grown) == ()

    await db.write(work)


async def test_one_claimant_has_at_most_so_many_minors(db: Database) -> None:
    def work(connection: Connection) -> None:
        for number in range(5):
            bound(connection, someone(connection, f"c{number}", age_band="8-11"), 7, NOON + timedelta(days=40 * number))
        with pytest.raises(Conflict) as refused:
            claim(connection, KEYS, service(connection), "c6", claimant(7), NOON + timedelta(days=400), rules())
        assert refused.value.code == "too_many_minors"

    await db.write(work)


async def test_what_is_kept_of_a_claim_names_nobody_and_opens_nothing(db: Database) -> None:
    def work(connection: Connection) -> list[Entry]:
        child = someone(connection, age_band="12-15")
        identifier = bound(connection, child)
        row = read_claim(connection, identifier)
        assert row is not None
        kept = repr(row) + row.claimant + row.second + row.code + row.sealed.hex()
        assert "138000000" not in kept and "example.cn" not in kept and "林建国" not in kept
        return [each.entry for each in for_subject(connection, child.id)]

    entries = await db.write(work)
    states = [each.facts["state"] for each in entries if each.kind is Kind.GUARDIAN_CHANGED]
    assert states == ["claimed", "waiting", "bound"]
    assert "example.cn" not in repr(entries)


async def test_an_unsafe_home_holds_guardians_who_come_later_and_tells_them_nothing(db: Database) -> None:
    def work(connection: Connection) -> None:
        child = someone(connection, age_band="12-15")
        bound(connection, child)
        later = NOON + timedelta(days=10)
        mark_home(connection, child, "user", "said-so", later, rules())
        mark_home(connection, child, "desk", "seen", later, rules())
        listed = [each for each in every_contact(connection, child) if each.kind == "guardian"]
        replace_contacts(connection, child, "guardian", [])
        assert [each.unsafe for each in contacts_of(connection, again(connection, child))] == [UNSAFE] * len(listed)
        second, _ = claim(connection, KEYS, child.service, child.ref, claimant(1), later, rules())
        assert letters(connection, "family.claim-told", second) == []
        enter_code(connection, KEYS, second, code_of(connection, second), later, rules())
        move_on(connection, KEYS, child, second, later + WAIT, rules())
        assert len(bound_guardians(connection, child.id)) == 1 and home_marked(connection, child.id)
        decide_by_desk(connection, second, True, "an", later + WAIT, rules())
        move_on(connection, KEYS, child, second, later + WAIT, rules())
        assert len(bound_guardians(connection, child.id)) == 2
        assert [each.state for each in claims_on(connection, child.id)] == ["bound", "bound"]
        assert letters(connection, "family.bound-told", second) == []

    await db.write(work)
