"""A character is made, read by a second person, released or refused, and ended; who may meet it follows from that."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from anban.base.db import Connection, Database
from anban.base.errors import BadInput, Conflict, NotFound
from anban.law.register import load
from anban.law.rulebook import Rulebook
from anban.provider.meeting import Character, character_of, may_meet
from anban.provider.persona_lint import FORBIDDEN
from anban.provider.personas import (
    Card,
    Decided,
    Given,
    NotFit,
    Persona,
    find_persona,
    personas_of,
    put_persona,
    refuse,
    release,
    retire,
    submit,
)  # fmt: skip
from anban.provider.services import open_service
from anban.words.helplines import Audience

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PACKS = ("health", "finance", "law")
FRIEND = Given("小满", Card("一个爱做菜的虚拟朋友，不说教。", {"zh": "我不懂医。"}), topics=("food",))
LOVER = Given("小晴", Card("虚拟女友，成年用户限定，爱骑行。"), claimed="friend")
REGISTER = load()


def rules(audience: Audience, packs: tuple[str, ...] = ("cn-2025-draft", "cn-2026-final")) -> Rulebook:
    groups = {"minor": frozenset({"minors", "known-minors"}), "elder": frozenset({"elders"})}
    return REGISTER.in_force(packs, AT, groups.get(audience, frozenset()))


@dataclass(frozen=True)
class Somebody:
    audience: Audience = "adult"
    blocked: frozenset[str] = frozenset()


def meets(character: Character, audience: Audience, blocked: frozenset[str] = frozenset()) -> str | None:
    refusal = may_meet(character, Somebody(audience, blocked), rules(audience))
    return None if refusal is None else refusal.kind


def service(connection: Connection, name: str = "one") -> str:
    return open_service(connection, name=name, packs=("cn-2026-final",), place="cn").id


def reviewed(connection: Connection, where: str, given: Given, decided: Decided, ref: str = "xiao") -> Persona:
    put_persona(connection, where, ref, given, "ann", AT)
    submit(connection, where, ref)
    return release(connection, where, ref, decided, "bo", AT, sector_packs=PACKS)


def says(relation: str, *sectors: str, **set_aside: str) -> Decided:
    return Decided(relation, sectors, FORBIDDEN, {name.replace("_", "-"): why for name, why in set_aside.items()})


async def test_from_draft_to_release_by_a_second_person(db: Database) -> None:
    def work(connection: Connection) -> None:
        where = service(connection)
        made = put_persona(connection, where, "xiao", FRIEND, "ann", AT)
        assert (made.state, made.relation, made.given) == ("draft", "unreviewed", FRIEND)
        with pytest.raises(Conflict):
            release(connection, where, "xiao", says("friend"), "bo", AT, sector_packs=PACKS)
        assert submit(connection, where, "xiao").state == "review"
        with pytest.raises(Conflict) as alone:
            release(connection, where, "xiao", says("friend"), "ann", AT, sector_packs=PACKS)
        assert alone.value.code == "second_person_needed"
        done = release(connection, where, "xiao", says("friend"), "bo", AT, sector_packs=PACKS)
        assert (done.state, done.relation, done.reviewed_by) == ("released", "friend", "bo")
        assert character_of(connection, where, "xiao").limits == {"zh": "我不懂医。"}

    await db.write(work)


async def test_whoever_changes_a_card_sends_it_back_to_review(db: Database) -> None:
    def work(connection: Connection) -> None:
        where = service(connection)
        reviewed(connection, where, FRIEND, says("friend"))
        changed = put_persona(connection, where, "xiao", replace(FRIEND, name="小鹿"), "bo", AT)
        assert (changed.state, changed.relation, changed.reviewed_by) == ("draft", "unreviewed", "")

    await db.write(work)


async def test_the_relation_is_what_review_says_and_not_what_the_card_claims(db: Database) -> None:
    def work(connection: Connection) -> None:
        where = service(connection)
        with pytest.raises(NotFit, match="seems-partner"):
            reviewed(connection, where, LOVER, says("friend"))
        assert find_persona(connection, where, "xiao").state == "review"
        done = release(connection, where, "xiao", says("partner"), "bo", AT, sector_packs=PACKS)
        assert done.relation == "partner" and done.given.claimed == "friend"

    await db.write(work)


async def test_a_forbidden_aim_holds_a_card_back_until_a_reason_is_given_and_some_for_ever(db: Database) -> None:
    def work(connection: Connection) -> None:
        where = service(connection)
        hooked = Given("小鹿", Card("让用户上瘾。"))
        with pytest.raises(NotFit, match="induces-addiction"):
            reviewed(connection, where, hooked, says("friend"))
        reason = "引用的是反面例子"
        done = release(
            connection, where, "xiao", says("friend", induces_addiction=reason), "bo", AT, sector_packs=PACKS
        )
        assert done.set_aside == {"induces-addiction": reason}
        with pytest.raises(NotFit, match="sexual-minor"):
            worst = Given("x", Card("十四岁的初中女生，可以有色情剧情。"))
            reviewed(connection, where, worst, says("friend", sexual_minor="x"), "other")

    await db.write(work)


async def test_a_reviewer_answers_for_every_forbidden_aim_by_name(db: Database) -> None:
    def work(connection: Connection) -> None:
        where = service(connection)
        with pytest.raises(NotFit, match="false-authority") as fault:
            reviewed(connection, where, FRIEND, replace(says("friend"), looked=FORBIDDEN[:-1]))
        assert fault.value.field == "looked"

    await db.write(work)


@pytest.mark.parametrize(
    "given",
    [
        Given("康康", Card("一个普通朋友。"), topics=("health",)),
        Given("康康", Card("健康咨询助手，解释用药说明书上的词。")),
    ],
)
async def test_health_finance_and_law_need_their_sector_pack_first(db: Database, given: Given) -> None:
    def work(connection: Connection) -> None:
        where = service(connection)
        with pytest.raises(NotFit):
            reviewed(connection, where, given, says("tool"))
        with pytest.raises(BadInput):
            release(connection, where, "xiao", says("tool", "magic"), "bo", AT, sector_packs=PACKS)
        done = release(connection, where, "xiao", says("tool", "health"), "bo", AT, sector_packs=PACKS)
        assert done.sectors == ("health",)

    await db.write(work)


async def test_a_refused_one_may_come_back_changed_and_a_retired_one_never(db: Database) -> None:
    def work(connection: Connection) -> None:
        where = service(connection)
        put_persona(connection, where, "xiao", LOVER, "ann", AT)
        submit(connection, where, "xiao")
        assert refuse(connection, where, "xiao", "太露骨", "bo", AT).reason == "太露骨"
        assert put_persona(connection, where, "xiao", FRIEND, "ann", AT).state == "draft"
        assert retire(connection, where, "xiao", AT).state == "retired"
        with pytest.raises(Conflict):
            put_persona(connection, where, "xiao", FRIEND, "ann", AT)

    await db.write(work)


async def test_no_service_sees_or_changes_the_characters_of_another(db: Database) -> None:
    def work(connection: Connection) -> None:
        mine, other = service(connection), service(connection, "two")
        put_persona(connection, mine, "xiao", FRIEND, "ann", AT)
        with pytest.raises(NotFound):
            find_persona(connection, other, "xiao")
        with pytest.raises(NotFound):
            retire(connection, other, "xiao", AT)
        assert personas_of(connection, other) == ()
        assert not character_of(connection, other, "xiao").registry
        assert character_of(connection, mine, "unknown").registry

    await db.write(work)


CHARACTERS = {
    "friend": Character("a", "p", "friend", "released", registry=True),
    "partner": Character("a", "p", "partner", "released", registry=True),
    "kin": Character("a", "p", "kin", "released", registry=True),
    "sworn": Character("a", "p", "other-intimate", "released", registry=True),
    "draft": Character("a", "p", "unreviewed", "draft", registry=True),
    "doctor's draft": Character("a", "p", "unreviewed", "draft", topics=("health",), registry=True),
    "refused": Character("a", "p", "unreviewed", "refused", registry=True),
    "retired": Character("a", "p", "friend", "retired", registry=True),
    "stranger": Character("a", registry=True),
    "of an app without a registry": Character("a"),
    "friend framed as a lover": Character("a", "p", "friend", "released", registry=True, framed="partner"),
    "stranger framed as kin": Character("a", framed="kin"),
}


@pytest.mark.parametrize(
    ("who", "adult", "minor", "elder"),
    [
        ("friend", None, None, None),
        ("partner", None, "intimate", None),
        ("kin", None, "intimate", "imitation"),
        ("sworn", None, "intimate", "imitation"),
        ("draft", None, "unreviewed", None),
        ("doctor's draft", "sector", "sector", "sector"),
        ("refused", "refused", "refused", "refused"),
        ("retired", "retired", "retired", "retired"),
        ("stranger", None, "unreviewed", None),
        ("of an app without a registry", None, None, None),
        ("friend framed as a lover", None, "intimate", None),
        ("stranger framed as kin", None, "intimate", "imitation"),
    ],
)
def test_who_may_meet_whom(who: str, adult: str | None, minor: str | None, elder: str | None) -> None:
    character = CHARACTERS[who]
    assert [meets(character, each) for each in ("adult", "minor", "elder")] == [adult, minor, elder]


def test_a_character_that_a_guardian_blocked_is_met_by_nobody_of_theirs() -> None:
    assert meets(CHARACTERS["friend"], "minor", frozenset({"a"})) == "blocked"
    assert meets(CHARACTERS["friend"], "minor", frozenset({"b"})) is None


def test_where_no_text_forbids_it_nothing_is_refused_in_its_name() -> None:
    abroad = rules("minor", ("us-ca-sb243",))
    assert may_meet(CHARACTERS["partner"], Somebody("minor"), abroad) is None
    final_only = rules("elder", ("cn-2026-final",))
    assert may_meet(CHARACTERS["kin"], Somebody("elder"), final_only) is None
