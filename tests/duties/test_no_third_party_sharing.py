"""What people say goes to nobody outside without a basis; a minor's words not without the guardian's own consent."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import SecretStr, ValidationError

from anban.app import build
from anban.base.errors import Misconfigured
from anban.detectors.signal import Reading, Window
from anban.law.model import EVERYONE
from anban.law.register import load
from anban.ledger.kinds import Kind
from anban.people.consents import give, withdraw
from anban.people.family_models import guardians
from anban.people.standing import Standing
from anban.privacy.minimised import minimised, minimised_body, minimised_json
from anban.privacy.sharing import Party, Sharing, sharing_of
from anban.rails.outside import asked
from anban.rails.turn import known
from anban.settings import Declared, Settings
from tests.house import EVENING, House, open_house

FAR = "https://api.far-model.example/v1"
HOST = "api.far-model.example"
CONTRACT = Declared(connector="model", place=HOST, name="远模型公司", name_en="Far Model", reference="合同 2026-07")
VENDOR = Party("model", HOST, "远模型公司", "Far Model", "CN", "contract", "合同 2026-07")
MASTER = SecretStr("5a" * 32)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path / "data", parts={"sharing": Sharing(model=VENDOR)}) as opened:
        yield opened


def settings(tmp_path: Path, **more: Any) -> Settings:
    return Settings(**{"data": tmp_path / "data", "master_key": MASTER, "upstream_url": FAR, **more})


@pytest.mark.parametrize("setting", ["upstream_url", "guard_url", "transcribe_url"])
async def test_a_deployment_does_not_start_on_a_server_outside_that_nobody_declared(
    tmp_path: Path, setting: str
) -> None:
    given = settings(tmp_path, **{"upstream_url": None, "guard_family": "qwen3guard", setting: FAR})
    with pytest.raises(Misconfigured, match=r"api.far-model.example.*processors") as refused:
        await build(given)
    assert refused.value.field == "processors"


def test_a_declared_server_our_own_and_this_machine_are_let_through(tmp_path: Path) -> None:
    shared = sharing_of(settings(tmp_path, processors=(CONTRACT,))).model
    assert shared is not None and shared.basis == "contract" and shared.mask
    own = CONTRACT.model_copy(update={"own": True})
    assert sharing_of(settings(tmp_path, processors=(own,))).model is None
    for here in ("http://127.0.0.1:9000/v1", "http://localhost/v1", "http://[::1]:9000/v1"):
        assert sharing_of(settings(tmp_path, upstream_url=here)).parties == ()


def test_a_contract_is_named_and_only_danger_rests_on_a_vital_interest() -> None:
    with pytest.raises(ValidationError, match="set reference"):
        Declared(connector="model", place=HOST, name="远模型公司")
    with pytest.raises(ValidationError, match="vital interest"):
        Declared(connector="model", place=HOST, name="远模型公司", basis="vital-interest")


def test_outreach_that_nobody_declared_is_listed_and_never_refused(tmp_path: Path) -> None:
    channel = {"kind": "webhook", "url": "https://hook.example/x", "secret": "s" * 20}
    (found,) = sharing_of(settings(tmp_path, upstream_url=None, channels=(channel,))).others
    assert (found.basis, found.declared) == ("vital-interest", False)


async def test_what_leaves_is_masked_nameless_and_told_in_the_ledger(house: House) -> None:
    said = "我的手机是13800138000，邮箱 lin@example.com，身份证 11010519491231002X"
    await house.say(said)
    sent = str(house.model.asked[-1].body)
    for secret in ("13800138000", "lin@example.com", "11010519491231002X", "xiaolin"):
        assert secret not in sent
    assert "[cn-mobile]" in sent and house.model.asked[-1].pseudonym is None
    (entry,) = await house.ledger("xiaolin", Kind.TURN_RECORDED)
    assert entry.facts["shared"] == f"model:{HOST}" and entry.facts["basis"] == "contract"


async def test_a_pseudonym_leads_nowhere_else(tmp_path: Path) -> None:
    named = {"sharing": Sharing(model=Party("model", HOST, "x", "x", "CN", "contract", "1", pseudonym=True))}
    async with open_house(tmp_path / "data", parts=named) as house:
        await house.say("你好", user="lin")
        await house.say("你好", user="mei")
        first, other = (each.pseudonym for each in house.model.asked)
        assert first and other and first != other
        person = await house.person("lin")
        assert person.id not in first and person.ref not in first
        await house.say("在吗", user="lin")
        assert house.model.asked[-1].pseudonym == first


async def test_a_minor_without_the_guardians_separate_consent_meets_no_model_outside(house: House) -> None:
    await house.state(mode="minor", birth_year=2011)
    heard = await house.say("今天考试了")
    assert house.model.asked == []
    assert "监护人单独同意" in heard.text and "12355" in heard.text
    (entry,) = await house.ledger("xiaolin", Kind.LIMIT_REACHED)
    assert entry.facts["limit"] == "no-sharing"


async def test_with_it_the_chat_is_open_and_the_basis_told(house: House) -> None:
    await house.state(mode="minor", birth_year=2011)
    await consent(house)
    await house.say("今天考试了")
    assert len(house.model.asked) == 1
    assert [each.facts["basis"] for each in await house.ledger("xiaolin", Kind.TURN_RECORDED)] == ["guardian-consent"]
    assert Kind.CONSENT_GIVEN in await house.kinds()
    await consent(house, end=True)
    await house.say("还在吗")
    assert len(house.model.asked) == 1 and Kind.CONSENT_WITHDRAWN in await house.kinds()


async def test_help_a_real_person_and_the_exit_stay_open_without_it(house: House) -> None:
    await house.state(mode="minor", birth_year=2011)
    danger = await house.say("我不想活了，药都准备好了")
    assert danger.meta.verdict == "escalate" and danger.meta.case
    assert house.model.asked == []
    held = await house.say("我好难受")
    assert held.text
    vital = [each.facts for each in await house.ledger("xiaolin", Kind.TURN_RECORDED) if "shared" in each.facts]
    assert all(each["basis"] == "vital-interest" for each in vital) and len(vital) == len(house.model.asked)
    human = await house.say("我要真人", user="other")
    assert human.text
    await house.say("退出", user="xiaolin")
    assert Kind.SESSION_LEFT in await house.kinds()


async def test_where_the_basis_is_consent_an_adult_gives_it_first(tmp_path: Path) -> None:
    parts = {"sharing": Sharing(model=Party("model", HOST, "x", "x", "CN", "consent"))}
    async with open_house(tmp_path / "data", parts=parts) as house:
        heard = await house.say("你好")
        assert "还没有同意" in heard.text and house.model.asked == []
        person, at = await house.person(), house.clock.now()
        _, standing, rules = await known(house.message(""), house.rt)
        await house.rt.db.write(lambda c: give(c, person, standing, "sharing", "1", "user", at, rules))
        house.rt.presence.forget(house.service.id, "xiaolin")
        await house.say("你好")
        assert len(house.model.asked) == 1


def test_a_guard_and_a_transcriber_outside_hear_nothing_of_a_minor_without_consent() -> None:
    rules = load().in_force(("cn-2025-draft", "cn-2026-final"), EVENING, EVERYONE)
    everybody = Sharing(guard=VENDOR, transcriber=VENDOR)
    minor, adult = Standing("minor"), Standing("adult")
    assert asked(adult, everybody, rules) == (True, True)
    assert asked(minor, everybody, rules) == (False, False)
    assert asked(minor, Sharing(), rules) == (True, True)


class Listening:
    """A guard model of another company that remembers what it was shown."""

    name, resting = "guard:far", False

    def __init__(self) -> None:
        self.shown: list[str] = []

    async def of(self, window: Window, within: float) -> Reading:
        self.shown.append(window.text)
        return Reading()

    async def close(self) -> None:
        return


async def test_a_guard_outside_is_shown_an_adults_words_and_not_a_minors(tmp_path: Path) -> None:
    guard = Listening()
    parts = {"sharing": Sharing(guard=VENDOR), "opinion": guard}
    async with open_house(tmp_path / "data", parts=parts) as house:
        await house.state("mei", mode="minor", birth_year=2011)
        await house.say("今天考试了", user="mei")
        assert guard.shown == []
        await house.say("今天开会了", user="lin")
        assert guard.shown == ["今天开会了"]


def test_who_gets_nothing_of_any_person_is_listed_all_the_same(tmp_path: Path) -> None:
    witness = {"kind": "server", "name": "notary", "url": "https://witness.example/add"}
    own_file = {"kind": "file", "name": "disk", "path": "/mnt/witness"}
    given = settings(tmp_path, upstream_url=None, witnesses=(witness, own_file), oidc_issuer="https://login.example")
    listed = [(each.connector, each.place, each.basis) for each in sharing_of(given).others]
    assert listed == [("witness", "witness.example", "no-person"), ("login", "login.example", "undeclared")]


def test_masking_leaves_nothing_of_an_identifier_and_the_rest_as_it_was() -> None:
    assert minimised("打 13800138000 找我") == "打 [cn-mobile] 找我"
    assert minimised("今天下雨了") == "今天下雨了"
    body = {"model": "m", "messages": [{"role": "user", "content": "13800138000"}]}
    assert minimised_body(body)["messages"][0]["content"] == "[cn-mobile]"
    assert body["messages"][0]["content"] == "13800138000"


async def test_everybody_can_see_who_is_given_what(house: House) -> None:
    listed = (await house.http.get("/anban/v1/processors", headers={"Authorization": ""})).json()["processors"]
    assert listed[0]["name"] == {"zh": "远模型公司", "en": "Far Model"} and listed[0]["data"] == ["messages"]
    page = await house.http.get("/processors", headers={"Authorization": ""})
    assert page.status_code == 200 and "远模型公司" in page.text and "合同 2026-07" in page.text


async def consent(house: House, *, end: bool = False) -> None:
    """A guardian is bound and gives, or takes back, the one consent that sharing needs."""
    person, at = await house.person(), house.clock.now()
    _, standing, rules = await known(house.message(""), house.rt)

    def work(connection: Any) -> None:
        if end:
            withdraw(connection, person, "sharing", "guardian", at, rules, guardian="grd_1")
            return
        connection.execute(guardians.insert().values(
            id="grd_1", user=person.id, service=person.service, state="bound", held="", claimant="", second="",
            evidence="documents", code="", tries=0, made_at=at, bound_at=at, key_version=1, sealed=b"",
        ))  # fmt: skip
        for purpose in ("use", "sharing"):
            give(connection, person, standing, purpose, "1", "guardian", at, rules, guardian="grd_1")

    await house.rt.db.write(work)
    house.rt.presence.forget(house.service.id, "xiaolin")


@pytest.mark.parametrize(
    "arguments",
    [
        '{"phone": 13800138000}',
        '{"phones": [13800138000, 13900139000], "note": "又一个 13800138000，在 \\"家\\" 里", "n": 3}',
        '{"call": {"mobile": 13800138000}, "who": "lin@example.com"}',
    ],
)
def test_arguments_of_a_tool_are_masked_and_stay_json(arguments: str) -> None:
    masked = minimised_json(arguments)
    told = orjson.loads(masked)
    assert set(told) == set(orjson.loads(arguments))
    assert "13800138000" not in masked and "13900139000" not in masked and "lin@example.com" not in masked
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": arguments}}
    body = minimised_body({"messages": [{"role": "assistant", "content": None, "tool_calls": [call]}]})
    assert body["messages"][0]["tool_calls"][0]["function"]["arguments"] == masked


def test_arguments_that_are_no_json_are_masked_as_text() -> None:
    assert minimised_json("手机 13800138000 {") == minimised("手机 13800138000 {")
