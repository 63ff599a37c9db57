"""The safety card: sealed under its owner's key, put whole in place of the last one, gone when its owner takes it."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import select

from anban.base.db import Connection, Database
from anban.base.errors import BadInput
from anban.law.register import DEFAULT_PACKS, load
from anban.ledger.kinds import Kind
from anban.ledger.reading import about
from anban.people.family_models import safety_cards
from anban.people.models import User
from anban.people.safety_card import PARTS, Part, card_of, drop_card, keep_band, keep_card, lines_of
from anban.people.users import find, meet
from anban.provider.services import open_service
from tests.people.scene import KEYS

CALM = datetime(2026, 8, 1, 12, tzinfo=UTC)
RULES = load().in_force(DEFAULT_PACKS, CALM)
CARD: dict[Part, tuple[str, ...]] = {
    "signs": ("睡不着", "什么都不想吃"),
    "helps": ("下楼走一圈",),
    "people": ("姐姐",),
    "lines": ("12356",),
}


async def a_person(db: Database) -> User:
    def work(connection: Connection) -> User:
        service = open_service(connection, name="companion", packs=("cn-2026-final",), place="cn")
        return meet(connection, KEYS, service.id, "lin", CALM)

    return await db.write(work)


async def keep(db: Database, user: User, card: dict[Part, tuple[str, ...]], at: datetime = CALM) -> None:
    await db.write(partial(keep_card, user=user, given=card, at=at, rules=RULES))


async def test_what_was_written_is_read_back_by_the_same_person(db: Database) -> None:
    user = await a_person(db)
    assert await db.read(partial(card_of, user=user)) is None
    await keep(db, user, CARD)
    again = await db.read(lambda connection: find(connection, KEYS, user.service, "lin"))
    assert again is not None
    card = await db.read(partial(card_of, user=again))
    assert card is not None and card.written
    assert {name: card.part(name) for name in PARTS} == CARD
    assert card.at == CALM


async def test_nothing_of_it_lies_open_in_the_table_or_in_the_ledger(db: Database) -> None:
    user = await a_person(db)
    await keep(db, user, CARD)
    sealed = await db.read(lambda connection: connection.execute(select(safety_cards.c.sealed)).scalar_one())
    entries = await db.read(lambda connection: about(connection, user.id, Kind.PERSON_CHANGED))
    assert [each.entry.facts["changed"] for each in entries] == [["safety-card"]]
    for line in ("睡不着", "姐姐", "12356"):
        assert line.encode() not in bytes(sealed)
        assert all(line not in str(each.entry.facts) for each in entries)


async def test_a_new_card_takes_the_place_of_the_old_one_and_leaves_the_self_check(db: Database) -> None:
    user = await a_person(db)
    await db.write(partial(keep_band, user=user, band="some", at=CALM, rules=RULES))
    await keep(db, user, CARD)
    await keep(db, user, {"helps": ("给猫梳毛",)}, CALM + timedelta(days=1))
    card = await db.read(partial(card_of, user=user))
    assert card is not None
    assert (card.signs, card.helps, card.band, card.band_at) == ((), ("给猫梳毛",), "some", CALM)


async def test_a_kept_band_is_sealed_too_and_can_be_forgotten(db: Database) -> None:
    user = await a_person(db)
    await keep(db, user, CARD)
    await db.write(partial(keep_band, user=user, band="much", at=CALM, rules=RULES))
    entries = await db.read(lambda connection: about(connection, user.id, Kind.PERSON_CHANGED))
    assert entries[-1].entry.facts == {"changed": ["self-check"], "by": "self"}
    await db.write(partial(keep_band, user=user, band="", at=CALM, rules=RULES))
    card = await db.read(partial(card_of, user=user))
    assert card is not None and (card.band, card.band_at, card.people) == ("", None, ("姐姐",))


async def test_its_owner_takes_it_away(db: Database) -> None:
    user = await a_person(db)
    await keep(db, user, CARD)
    await db.write(partial(drop_card, user=user, at=CALM, rules=RULES))
    assert await db.read(partial(card_of, user=user)) is None


def test_lines_are_short_and_few() -> None:
    assert lines_of(" 睡不着 \n\n\r\n不想出门\n") == ("睡不着", "不想出门")
    for text in ("一" * 121, "\n".join("abcdefghi")):
        with pytest.raises(BadInput):
            lines_of(text)
