"""What a demonstration would have sent: kept sealed, told on request, repeats as repeats, on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from anban.base.db import Database
from anban.base.keys import MasterKeys, Unreadable
from anban.outreach.channels.local import Local, sent
from anban.outreach.models import local_letters
from anban.outreach.outreach import Outreach
from tests.outreach.letters import AT, LETTER, letter

KEYS = MasterKeys({1: b"k" * 32})


async def test_a_letter_is_kept_with_all_that_it_said(db: Database) -> None:
    outreach = Outreach([Local("sms", ["phone"], db, KEYS), Local("voice", ["phone"], db, KEYS)])
    assert (await outreach.send("sms", LETTER)).state == "accepted"
    later = letter(send="case_1|con_1|voice-1", at=AT + timedelta(seconds=30), text="另一句话")
    assert (await outreach.send("voice", later)).state == "accepted"
    told = await db.read(lambda c: sent(c, KEYS))
    assert [each["channel"] for each in told] == ["sms", "voice"]
    assert told[0] == {
        "id": LETTER.send,
        "at": "2026-11-23T12:00:00+00:00",
        "channel": "sms",
        "route": "phone",
        "address": LETTER.address,
        "subject": LETTER.subject,
        "text": LETTER.text,
        "link": LETTER.link,
    }


async def test_a_repeat_is_kept_as_a_repeat(db: Database) -> None:
    outreach = Outreach([Local("sms", ["phone"], db, KEYS)])
    await outreach.send("sms", LETTER)
    await outreach.send("sms", LETTER)
    assert [each["id"] for each in await db.read(lambda c: sent(c, KEYS))] == [LETTER.send] * 2


async def test_whoever_reads_the_database_reads_neither_words_nor_addresses(db: Database) -> None:
    await Outreach([Local("sms", ["phone"], db, KEYS)]).send("sms", LETTER)
    (row,) = await db.read(lambda c: c.execute(select(local_letters)).all())
    for secret in (LETTER.address, LETTER.text, LETTER.subject, LETTER.link):
        assert secret.encode() not in bytes(row.sealed)


async def test_letters_stay_readable_when_the_master_key_is_changed_and_only_for_who_has_the_old_one(
    db: Database,
) -> None:
    await Outreach([Local("sms", ["phone"], db, KEYS)]).send("sms", LETTER)
    both = MasterKeys({1: b"k" * 32, 2: b"n" * 32})
    assert [each["text"] for each in await db.read(lambda c: sent(c, both))] == [LETTER.text]
    with pytest.raises(Unreadable):
        await db.read(lambda c: sent(c, MasterKeys({2: b"n" * 32})))
