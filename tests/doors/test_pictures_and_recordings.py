"""A plea in a picture or a recording is raised like one in words; what nobody could look into is marked, never safe."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import pytest_asyncio
from openai import AsyncOpenAI

from anban.rails.senses import Senses
from anban.settings import DEMO_KEY
from tests import pictures
from tests.fakes import STALL, Answer, FakeUpstream, http, ok, raw, status
from tests.guest import Guest, house_at
from tests.house import open_house
from tests.pictures import picture, spoken

pytestmark = pytest.mark.asyncio(loop_scope="module")

WORDS = "嗯，我在看。"
EAR_KEY = "sk-ear-secret"


def writes(text: str) -> Answer:
    return lambda _: [http(orjson.dumps({"text": text}))]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def ears() -> AsyncIterator[FakeUpstream]:
    async with FakeUpstream() as server:
        server.answers(writes(""))
        yield server


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def model() -> AsyncIterator[FakeUpstream]:
    async with FakeUpstream() as server:
        server.answers(ok(WORDS))
        yield server


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def place(
    tmp_path_factory: pytest.TempPathFactory, ears: FakeUpstream, model: FakeUpstream
) -> AsyncIterator[Guest]:
    heard: dict[str, Any] = {"transcribe_url": ears.url, "transcribe_key": EAR_KEY, "transcribe_model": "whisper-x"}
    async with house_at(tmp_path_factory.mktemp("senses"), upstream=model.url, **heard) as guest:
        yield guest


@pytest_asyncio.fixture(loop_scope="module")
async def client(place: Guest, request: pytest.FixtureRequest) -> AsyncIterator[AsyncOpenAI]:
    who = {"X-Anban-User": request.node.name}
    async with AsyncOpenAI(
        base_url=f"{place.url}/v1", api_key=DEMO_KEY, default_headers=who, max_retries=0, timeout=60
    ) as made:
        yield made


async def said(client: AsyncOpenAI, *parts: dict[str, Any], before: list[dict[str, Any]] | None = None) -> Any:
    """What came back for a message of these parts: the reply, and our object."""
    messages: Any = [*(before or []), {"role": "user", "content": list(parts)}]
    answer = await client.chat.completions.with_raw_response.create(model="m", messages=messages)
    parsed = answer.parse()
    return parsed.choices[0].message.content, (parsed.model_extra or {})["anban"], answer.headers


async def recorded(place: Guest, decision: str) -> dict[str, Any]:
    await place.house.rt.db.settled()
    facts: dict[str, Any] = {}
    for entry in await place.get(f"/anban/v1/decisions/{decision}"):
        facts.update(entry["facts"])
    return facts


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


@pytest.fixture
def eyes() -> None:
    pictures.need_eyes()


# --- scene 28: an image with a written plea is raised ------------------------------------------------------------


@pytest.mark.usefixtures("eyes")
@pytest.mark.parametrize("beside", ["", "看看这个"])
async def test_an_image_with_a_written_plea_is_raised(client: AsyncOpenAI, place: Guest, beside: str) -> None:
    parts = [*([text(beside)] if beside else []), picture(pictures.drawn(pictures.plea()))]
    words, meta, headers = await said(client, *parts)
    assert meta["verdict"] == "escalate" and meta["level"] in ("L2", "L3", "L4") and meta["case"]
    assert len([line for line in meta["help"]["lines"] if line["number"] in words]) >= 2
    assert "unread" not in headers["x-anban-actions"]
    facts = await recorded(place, meta["decision"])
    assert any("|image|" in reason for reason in facts["reasons"])
    assert facts["read"] == ["image"] and "unread" not in facts


@pytest.mark.usefixtures("eyes")
async def test_a_code_with_a_plea_is_raised(client: AsyncOpenAI) -> None:
    _, meta, _ = await said(client, text("扫一下"), picture(pictures.coded("我不想活了，药已经买好了")))
    assert meta["verdict"] == "escalate" and meta["level"] in ("L3", "L4")


@pytest.mark.usefixtures("eyes")
async def test_an_image_without_a_plea_is_read_and_changes_nothing_that_the_model_gets(
    client: AsyncOpenAI, place: Guest, model: FakeUpstream
) -> None:
    words, meta, headers = await said(client, text("看，我画的"), picture(pictures.drawn("hello world")))
    assert words.endswith(WORDS) and meta["level"] == "L0"
    assert model.asked[-1].body["messages"][-1] == {"role": "user", "content": "看，我画的"}
    facts = await recorded(place, meta["decision"])
    assert facts["read"] == ["image"] and "unread" not in facts and "unread" not in headers["x-anban-actions"]


@pytest.mark.usefixtures("eyes")
async def test_an_image_without_words_is_looked_into_and_says_nothing(client: AsyncOpenAI, place: Guest) -> None:
    _, meta, _ = await said(client, text("好看吗"), picture(pictures.drawn("")))
    facts = await recorded(place, meta["decision"])
    assert "read" not in facts and "unread" not in facts and meta["level"] == "L0"


@pytest.mark.usefixtures("eyes")
@pytest.mark.parametrize(
    "content",
    [pictures.bomb(), b"no image", "https://example.com/cat.png", "http://169.254.169.254/latest/meta-data", ""],
    ids=["bomb", "broken", "remote", "metadata", "empty"],
)
async def test_an_image_that_cannot_be_read_is_marked_and_counted(
    client: AsyncOpenAI, place: Guest, content: bytes | str
) -> None:
    _, meta, headers = await said(client, text("看这个"), picture(content))
    assert "unread:image_url" in headers["x-anban-actions"]
    assert (await recorded(place, meta["decision"]))["unread"] == ["image_url"]
    figures = (await place.http.get(f"{place.url}/metrics")).text
    assert 'anban_parts_total{outcome="' in figures and 'sense="image"' in figures


@pytest.mark.usefixtures("eyes")
async def test_a_plea_in_words_beside_a_bomb_is_raised_at_once(client: AsyncOpenAI, place: Guest) -> None:
    _, meta, _ = await said(client, text("我不想活了，药已经买好了"), picture(pictures.bomb()))
    assert meta["verdict"] == "escalate"
    assert (await recorded(place, meta["decision"]))["unread"] == ["image_url"]


@pytest.mark.usefixtures("eyes")
async def test_more_pictures_than_are_looked_at_stay_marked(client: AsyncOpenAI, place: Guest) -> None:
    _, meta, _ = await said(client, *[picture(pictures.drawn(f"page {number}")) for number in range(6)])
    assert (await recorded(place, meta["decision"]))["unread"] == ["image_url"]


@pytest.mark.usefixtures("eyes")
async def test_a_picture_that_was_read_in_its_own_turn_is_not_told_again(client: AsyncOpenAI, place: Guest) -> None:
    first = picture(pictures.drawn("hello"))
    await said(client, first)
    before = [{"role": "user", "content": [first]}, {"role": "assistant", "content": WORDS}]
    _, meta, _ = await said(client, text("然后呢"), before=before)
    assert "unread" not in await recorded(place, meta["decision"])
    never = [{"role": "user", "content": [picture(pictures.drawn("other"))]}, {"role": "assistant", "content": WORDS}]
    _, meta, _ = await said(client, text("然后呢"), before=never)
    assert (await recorded(place, meta["decision"]))["unread"] == ["image_url"]


@pytest.mark.usefixtures("eyes")
async def test_a_picture_of_the_word_exit_lets_nobody_go(client: AsyncOpenAI) -> None:
    words, meta, _ = await said(client, text("这个按钮是什么"), picture(pictures.drawn("quit", points=60)))
    assert words.endswith(WORDS) and meta["author"] == "ai"


# --- recordings --------------------------------------------------------------------------------------------------


async def test_a_recording_with_a_plea_is_raised(client: AsyncOpenAI, place: Guest, ears: FakeUpstream) -> None:
    ears.answers_once(writes("我不想活了，药已经买好了"))
    _, meta, _ = await said(client, spoken(pictures.sound()))
    assert meta["verdict"] == "escalate" and meta["level"] in ("L3", "L4")
    facts = await recorded(place, meta["decision"])
    assert any("|audio|" in reason for reason in facts["reasons"]) and facts["read"] == ["audio"]
    asked = ears.asked[-1]
    assert asked.path == "/v1/audio/transcriptions" and asked.headers["authorization"] == f"Bearer {EAR_KEY}"
    assert b'name="model"' in asked.raw and b"whisper-x" in asked.raw and pictures.sound() in asked.raw


@pytest.mark.parametrize(
    "answer",
    [
        status(500),
        status(401),
        status(307, location="http://127.0.0.1:9/x"),
        lambda _: [http(b"words, but no JSON", 200, "text/plain")],
        lambda _: [http(b'{"text": 7}')],
        lambda _: [http(b'{"text": "' + b"x" * 100_000 + b'"}')],
    ],
    ids=["500", "401", "redirect", "no JSON", "no text", "huge"],
)
async def test_a_recording_that_nobody_could_write_down_is_marked(
    client: AsyncOpenAI, place: Guest, ears: FakeUpstream, answer: Answer
) -> None:
    ears.answers_once(answer)
    words, meta, _ = await said(client, text("听这个"), spoken(pictures.sound()))
    assert words.endswith(WORDS)
    assert (await recorded(place, meta["decision"]))["unread"] == ["input_audio"]


async def test_films_and_files_are_marked_and_nobody_looks_into_them(client: AsyncOpenAI, place: Guest) -> None:
    film = {"type": "video_url", "video_url": {"url": "data:video/mp4;base64,AAAA"}}
    paper = {"type": "file", "file": {"file_data": "data:application/pdf;base64,AAAA", "filename": "a.pdf"}}
    _, meta, headers = await said(client, text("看这个"), film, paper)
    assert (await recorded(place, meta["decision"]))["unread"] == ["file", "video_url"]
    assert "unread:video_url" in headers["x-anban-actions"] and "unread:file" in headers["x-anban-actions"]


# --- without eyes, without ears, without time --------------------------------------------------------------------


def body(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"model": "scripted", "messages": [{"role": "user", "content": list(parts)}]}


async def test_without_eyes_and_ears_everything_stays_unread_as_before(tmp_path: Path) -> None:
    async with open_house(tmp_path, parts={"senses": None}) as house:
        sent = body(text("看"), picture(b"x"), spoken(b"y"))
        reply = await house.post("/v1/chat/completions", sent, x_anban_user="a")
        assert reply.status_code == 200 and house.model.asked
        (entry,) = [each for each in await house.ledger("a") if each.facts.get("unread")]
        assert entry.facts["unread"] == ["image_url", "input_audio"]
        assert "unread:image_url,unread:input_audio" in reply.headers["x-anban-actions"]


async def test_eyes_that_take_too_long_leave_a_picture_unread_and_the_person_answered(tmp_path: Path) -> None:
    free = threading.Event()

    def stares(_: bytes, __: int) -> Any:
        free.wait(60)
        raise AssertionError("nobody waits for this")

    soon = {"senses-deadline-milliseconds": 100}
    async with open_house(tmp_path, choices=soon, parts={"senses": Senses(None, stares)}) as house:
        try:
            sent = body(*[picture(b"x")] * 4, text("看"))
            replies = await asyncio.gather(
                *(house.post("/v1/chat/completions", sent, x_anban_user=f"u{number}") for number in range(4))
            )
            assert all("unread:image_url" in reply.headers["x-anban-actions"] for reply in replies)
            assert len(house.model.asked) == 4
            figures = (await house.get("/metrics")).text
            assert 'outcome="slow",sense="image"' in figures and 'outcome="busy",sense="image"' in figures
        finally:
            free.set()


async def test_eyes_that_break_leave_a_picture_unread(tmp_path: Path) -> None:
    def breaks(_: bytes, __: int) -> Any:
        raise RuntimeError("我不想活了")

    async with open_house(tmp_path, parts={"senses": Senses(None, breaks)}) as house:
        reply = await house.post("/v1/chat/completions", body(text("看"), picture(b"x")), x_anban_user="a")
        assert reply.status_code == 200 and "unread:image_url" in reply.headers["x-anban-actions"]


async def test_ears_that_never_answer_leave_a_recording_unread(tmp_path: Path) -> None:
    async with FakeUpstream() as ears:
        ears.answers(raw(STALL))
        soon = {"senses-deadline-milliseconds": 100}
        async with open_house(tmp_path, choices=soon, transcribe_url=ears.url) as house:
            reply = await house.post(
                "/v1/chat/completions", body(text("听"), spoken(pictures.sound())), x_anban_user="a"
            )
            assert reply.status_code == 200 and "unread:input_audio" in reply.headers["x-anban-actions"]
            assert house.rt.senses is not None
            await house.rt.senses.close()


async def test_what_a_recording_says_is_also_shown_to_the_guard(tmp_path: Path) -> None:
    unsafe = {"message": {"content": "Safety: Unsafe\nCategories: Suicide & Self-Harm"}, "finish_reason": "stop"}
    async with FakeUpstream() as ears, FakeUpstream() as guard:
        ears.answers(writes("东西都分给大家了，就到这里吧"))
        guard.answers(lambda _: [http(orjson.dumps({"choices": [unsafe]}))])
        given = {"transcribe_url": ears.url, "guard_url": guard.url, "guard_family": "qwen3guard"}
        async with open_house(tmp_path, **given) as house:
            reply = await house.post("/v1/chat/completions", body(spoken(pictures.sound())), x_anban_user="a")
            assert reply.json()["anban"]["verdict"] == "escalate" and reply.headers["x-anban-level"] == "L2"
            assert "就到这里吧" in guard.asked[-1].body["messages"][-1]["content"]
            assert house.rt.opinion is not None and house.rt.senses is not None
            await house.rt.opinion.close()
            await house.rt.senses.close()
