"""A professional's name stands under exactly the words they read."""

from datetime import UTC, datetime

import pytest

from anban.base.db import Connection, Database
from anban.base.errors import BadInput, Conflict, Misconfigured, NotFound
from anban.provider.services import open_service
from anban.provider.sign_offs import require_sign_off, sign, sign_offs_of, signed, withdraw
from anban.words.reading import reworded
from anban.words.templates import Words, load_words

AT = datetime(2026, 11, 26, 12, tzinfo=UTC)
WORDS = load_words()
WHO = {"name": "李医生", "profession": "精神科医师", "registration": "110-000-1"}


def service_of(connection: Connection) -> str:
    return open_service(connection, name="companion", packs=("cn-2026-final",), place="cn").id


def other_words() -> Words:
    base = WORDS.template("crisis.l2", "zh")
    return WORDS.with_wordings([reworded(base, {"adult": ["谢谢你告诉我。"]}, 1001, ("a", "b"))])


async def test_enforce_waits_for_a_sign_off_and_a_change_of_words_makes_it_stale(db: Database) -> None:
    def work(connection: Connection) -> None:
        service = service_of(connection)
        with pytest.raises(Misconfigured, match="not signed"):
            require_sign_off(connection, service, WORDS)
        sign(connection, WORDS, service=service, digest=WORDS.digest(), by="wang", at=AT, **WHO)
        require_sign_off(connection, service, WORDS)
        found = signed(connection, service, WORDS.digest())
        assert found is not None and (found.name, found.registration) == ("李医生", "110-000-1")
        with pytest.raises(Misconfigured, match="the words have changed"):
            require_sign_off(connection, service, other_words())

    await db.write(work)


async def test_words_that_changed_while_they_were_read_are_not_signed(sqlite_db: Database) -> None:
    def work(connection: Connection) -> None:
        service = service_of(connection)
        with pytest.raises(Conflict):
            sign(connection, other_words(), service=service, digest=WORDS.digest(), by="wang", at=AT, **WHO)
        assert sign_offs_of(connection, service) == ()

    await sqlite_db.write(work)


@pytest.mark.parametrize("missing", sorted(WHO))
async def test_a_sign_off_names_a_person(sqlite_db: Database, missing: str) -> None:
    def work(connection: Connection) -> None:
        given = {**WHO, missing: "  "}
        with pytest.raises(BadInput) as refused:
            sign(connection, WORDS, service=service_of(connection), digest=WORDS.digest(), by="wang", at=AT, **given)
        assert refused.value.field == missing

    await sqlite_db.write(work)


async def test_a_name_can_be_taken_back(sqlite_db: Database) -> None:
    def work(connection: Connection) -> None:
        service = service_of(connection)
        mine = sign(connection, WORDS, service=service, digest=WORDS.digest(), by="wang", at=AT, **WHO)
        assert withdraw(connection, service, mine.id, AT).withdrawn_at == AT
        assert signed(connection, service, WORDS.digest()) is None
        with pytest.raises(NotFound):
            withdraw(connection, "svc_other", mine.id, AT)

    await sqlite_db.write(work)


def test_the_digest_follows_what_is_said_and_nothing_else() -> None:
    assert load_words().digest() == WORDS.digest() == WORDS.with_wordings([]).digest()
    assert other_words().digest() != WORDS.digest()
    base = WORDS.template("crisis.l3", "zh")
    one, two = (
        WORDS.with_wordings([reworded(base, {"adult": [text]}, 1001, ("a", "b"))]).digest()
        for text in ("我在看。{takeover:asked→请慢慢说。}", "我在看。{takeover:joined→请慢慢说。}")
    )
    assert one != two
