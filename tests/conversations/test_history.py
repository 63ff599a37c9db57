"""Everything that was said, in order and each thing once, on both databases."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, delete, select, update

from anban.base.db import Database
from anban.base.keys import MasterKeys
from anban.conversations.history import Line, lines_of, outline
from anban.conversations.mailbox import put
from anban.conversations.models import turns
from anban.conversations.transcript import TURN_INSERT, Author, Turn, seal_turn
from anban.people.models import User
from anban.people.users import meet
from anban.provider.models import services, tenants

KEYS = MasterKeys({1: b"m" * 32})
AT = datetime(2026, 11, 23, 12, tzinfo=UTC)


def person(connection: Connection) -> User:
    connection.execute(tenants.insert().values(id="ten", name="t"))
    connection.execute(services.insert().values(id="svc", tenant="ten", name="s", packs="", place="cn", state="on"))
    return meet(connection, KEYS, "svc", "lin", AT)


def says(
    connection: Connection, user: User, number: int, said: str, answer: str, *, talk: str = "one", who: str = "friend",
    author: Author = "ai", minute: float | None = None,
) -> None:  # fmt: skip
    at = AT + timedelta(minutes=number if minute is None else minute)
    turn = Turn(f"trn_{number:04}", user.id, talk, who, "s", at, said, answer, author)
    connection.execute(TURN_INSERT, seal_turn(turn, user.key))


def mailed(connection: Connection, user: User, minute: float, kind: str, talk: str = "", **payload: str) -> None:
    at = AT + timedelta(minutes=minute)
    put(connection, user.id, user.key, conversation=talk, kind=kind, at=at, payload=payload, once=f"{kind}{minute}")


def read(connection: Connection, user: User, at_once: int = 400) -> list[tuple[Line, ...]]:
    """Every conversation, read so many parts at a time."""
    found: list[tuple[Line, ...]] = []
    for talk in outline(connection, user.id):
        lines: list[Line] = []
        for start in range(0, len(talk.refs), at_once):
            refs = talk.refs[start : start + at_once]
            lines += lines_of(connection, user.id, user.key, talk, refs, lines[-1] if lines else None)
        found.append(tuple(lines))
    return found


async def test_conversations_stand_in_order_and_letters_where_somebody_was_then(db: Database) -> None:
    def work(connection: Connection) -> None:
        user = person(connection)
        says(connection, user, 1, "早", "早上好")
        says(connection, user, 2, "在吗", "在", talk="two", who="tutor")
        mailed(connection, user, 3, "care", text="还好吗")
        mailed(connection, user, 3.5, "typing", text="")
        says(connection, user, 4, "晚安", "晚安")
        mailed(connection, user, 5, "notice", talk="two", text="歇一歇")
        one, two = read(connection, user)
        assert [line.text for line in one] == ["早", "早上好", "晚安", "晚安"]
        assert [(line.by, line.text) for line in two] == [
            ("user", "在吗"), ("ai", "在"), ("system", "还好吗"), ("system", "歇一歇"),
        ]  # fmt: skip
        assert {line.persona for line in two} == {"tutor"}

    await db.write(work)


async def test_while_a_person_held_the_conversation_each_word_is_given_once(db: Database) -> None:
    def work(connection: Connection) -> None:
        user = person(connection)
        says(connection, user, 1, "我撑不住了", "我在", author="system")
        mailed(connection, user, 2, "takeover", state="joined")
        mailed(connection, user, 3, "said", talk="one", text="你是谁")
        mailed(connection, user, 3.2, "message", text="我是值班的小周")
        says(connection, user, 3, "你是谁", "我是值班的小周", author="human")
        says(connection, user, 4, "嗯", "嗯，我在听")
        says(connection, user, 5, "嗯", "好")
        for at_once in (1, 2, 3, 400):
            (lines,) = read(connection, user, at_once)
            assert [(line.by, line.text) for line in lines] == [
                ("user", "我撑不住了"), ("system", "我在"), ("system", ""), ("user", "你是谁"),
                ("human", "我是值班的小周"), ("user", "嗯"), ("ai", "嗯，我在听"), ("user", "嗯"), ("ai", "好"),
            ]  # fmt: skip

    await db.write(work)


async def test_what_no_key_opens_is_told_and_what_was_erased_is_left_out(db: Database) -> None:
    def work(connection: Connection) -> None:
        user = person(connection)
        for number in (1, 2, 3):
            says(connection, user, number, f"第{number}句", "嗯")
        talk = outline(connection, user.id)[0]
        connection.execute(update(turns).where(turns.c.id == "trn_0002").values(key_version=9))
        connection.execute(delete(turns).where(turns.c.id == "trn_0003"))
        lines = lines_of(connection, user.id, user.key, talk, talk.refs, None)
        assert [(line.kind, line.text) for line in lines] == [("said", "第1句"), ("answer", "嗯"), ("unreadable", None)]

    await db.write(work)


async def test_another_person_is_never_in_it(db: Database) -> None:
    def work(connection: Connection) -> None:
        user = person(connection)
        other = meet(connection, KEYS, "svc", "other", AT)
        says(connection, user, 1, "我的", "嗯")
        says(connection, other, 2, "别人的", "嗯")
        mailed(connection, other, 3, "care", text="给别人的")
        (talk,) = outline(connection, user.id)
        assert talk.refs == ["trn_0001"]
        stolen = [*talk.refs, "trn_0002", *connection.execute(select(turns.c.id)).scalars()]
        assert {line.text for line in lines_of(connection, user.id, user.key, talk, stolen, None)} == {"我的", "嗯"}

    await db.write(work)
