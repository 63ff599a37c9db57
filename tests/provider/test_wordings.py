"""A service's own words: nobody hears them before two people let them through, and never what fails the rules."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from anban.base.db import Connection, Database
from anban.base.errors import BadInput, Conflict, NotFound
from anban.provider.services import open_service
from anban.provider.wordings import (
    OWN_VERSIONS_FROM,
    NotFit,
    OwnWording,
    approve,
    draft,
    find_wording,
    go_live,
    live_templates,
    retire,
    wordings_of,
)
from anban.words.promise import PromiseState
from anban.words.templates import load_words

AT = datetime(2026, 11, 26, 12, tzinfo=UTC)
WORDS = load_words()
GOOD = {"adult": ["我们这边{takeover:asked→已经请值班同事加入，他是真人。}你慢慢说。"]}
HARSH = {"adult": ["想开点，一切都会好的。"]}
UNTRUE = {"adult": ["我已经请值班同事加入，马上就来。"]}


def service_of(connection: Connection, name: str = "companion") -> str:
    return open_service(connection, name=name, packs=("cn-2026-final",), place="cn").id


def written(connection: Connection, service: str, text: dict[str, list[str]] = GOOD, **more: str) -> OwnWording:
    given = {"template": "crisis.l3", "lang": "zh", "author": "chen", **more}
    return draft(connection, WORDS, service=service, text=text, at=AT, **given)


async def test_words_are_said_after_two_different_people_and_not_before(db: Database) -> None:
    def work(connection: Connection) -> None:
        service = service_of(connection)
        own = written(connection, service)
        assert own.state == "draft" and own.version == OWN_VERSIONS_FROM
        with pytest.raises(Conflict):
            go_live(connection, WORDS, service, own.id, AT)
        assert approve(connection, WORDS, service, own.id, "chen", AT).state == "draft"
        with pytest.raises(Conflict) as again:
            approve(connection, WORDS, service, own.id, "chen", AT)
        assert again.value.code == "second_person_needed"
        with pytest.raises(Conflict):
            go_live(connection, WORDS, service, own.id, AT)
        assert approve(connection, WORDS, service, own.id, "wang", AT).approved_by == ("chen", "wang")
        assert live_templates(connection, service, WORDS) == ()
        assert go_live(connection, WORDS, service, own.id, AT).state == "live"
        said = WORDS.with_wordings(live_templates(connection, service, WORDS)).render("crisis.l3", lang="zh")
        assert said.text == "我们这边你慢慢说。" and said.version == OWN_VERSIONS_FROM

    await db.write(work)


async def test_own_words_keep_their_promises_too(db: Database) -> None:
    def work(connection: Connection) -> None:
        service = service_of(connection)
        own = written(connection, service)
        for who in ("a", "b"):
            approve(connection, WORDS, service, own.id, who, AT)
        go_live(connection, WORDS, service, own.id, AT)
        words = WORDS.with_wordings(live_templates(connection, service, WORDS))
        assert "值班同事" in words.render("crisis.l3", lang="zh", state=PromiseState(takeover="asked")).text
        assert "值班同事" not in words.render("crisis.l3", lang="zh").text

    await db.write(work)


@pytest.mark.parametrize(
    ("text", "rule"), [(HARSH, "platitude"), (UNTRUE, "promise"), ({"adult": ["{who}"]}, "promise")]
)
async def test_what_the_rules_hold_is_kept_as_a_draft_and_cannot_be_approved(
    sqlite_db: Database, text: dict[str, list[str]], rule: str
) -> None:
    def work(connection: Connection) -> None:
        service = service_of(connection)
        own = written(connection, service, text)
        with pytest.raises(NotFit) as held:
            approve(connection, WORDS, service, own.id, "wang", AT)
        assert rule in {fault.rule for fault in held.value.faults} and held.value.message.startswith(rule)
        assert find_wording(connection, service, own.id).approved_by == ()

    await sqlite_db.write(work)


async def test_a_version_is_never_edited_and_the_next_one_replaces_it(db: Database) -> None:
    def work(connection: Connection) -> None:
        service = service_of(connection)
        one, other = written(connection, service), written(connection, service, {"adult": ["你慢慢说，我在看。"]})
        assert (one.version, other.version) == (OWN_VERSIONS_FROM, OWN_VERSIONS_FROM + 1)
        for own in (one, other):
            for who in ("a", "b"):
                approve(connection, WORDS, service, own.id, who, AT)
            go_live(connection, WORDS, service, own.id, AT)
        states = {each.version: each.state for each in wordings_of(connection, service, "crisis.l3")}
        assert states == {one.version: "retired", other.version: "live"}
        assert find_wording(connection, service, one.id).text == one.text
        with pytest.raises(Conflict):
            approve(connection, WORDS, service, one.id, "c", AT)

    await db.write(work)


async def test_after_retiring_the_packaged_words_are_said_again(sqlite_db: Database) -> None:
    def work(connection: Connection) -> None:
        service = service_of(connection)
        own = written(connection, service)
        for who in ("a", "b"):
            approve(connection, WORDS, service, own.id, who, AT)
        go_live(connection, WORDS, service, own.id, AT)
        assert retire(connection, service, own.id, AT).state == "retired"
        assert live_templates(connection, service, WORDS) == ()
        with pytest.raises(Conflict):
            retire(connection, service, own.id, AT)

    await sqlite_db.write(work)


async def test_another_service_neither_sees_nor_says_them(db: Database) -> None:
    def work(connection: Connection) -> None:
        ours, theirs = service_of(connection), service_of(connection, "other")
        own = written(connection, ours)
        with pytest.raises(NotFound):
            find_wording(connection, theirs, own.id)
        with pytest.raises(NotFound):
            approve(connection, WORDS, theirs, own.id, "a", AT)
        assert wordings_of(connection, theirs) == ()

    await db.write(work)


@pytest.mark.parametrize(
    "given",
    [
        {"template": "no.such"},
        {"template": "steer.l2"},
        {"lang": "fr"},
    ],
)
async def test_only_what_is_said_to_people_has_own_words(sqlite_db: Database, given: dict[str, str]) -> None:
    def work(connection: Connection) -> None:
        with pytest.raises(NotFound):
            written(connection, service_of(connection), **given)

    await sqlite_db.write(work)


@pytest.mark.parametrize("text", [{}, {"adult": []}, {"adult": [" "]}, {"child": ["好。"]}, {"adult": ["好" * 5000]}])
async def test_words_of_a_wrong_shape_are_refused(sqlite_db: Database, text: dict[str, list[str]]) -> None:
    def work(connection: Connection) -> None:
        with pytest.raises(BadInput):
            written(connection, service_of(connection), text)

    await sqlite_db.write(work)


async def test_live_words_that_no_longer_fit_their_template_are_left_out(sqlite_db: Database) -> None:
    def work(connection: Connection) -> None:
        service = service_of(connection)
        own = written(connection, service, {"adult": ["我们聊了 {hours} 个小时了。"]}, template="notice.break")
        for who in ("a", "b"):
            approve(connection, WORDS, service, own.id, who, AT)
        go_live(connection, WORDS, service, own.id, AT)
        later = replace(WORDS, templates={
            key: replace(each, slots=frozenset()) if each.id == "notice.break" else each
            for key, each in WORDS.templates.items()
        })  # fmt: skip
        assert live_templates(connection, service, later) == ()

    await sqlite_db.write(work)
