"""Draft article 9, final article 10: replacing social life, steering minds or inducing addiction is nobody's aim."""

import pytest

from anban.ledger.kinds import Kind
from anban.ledger.reading import tail
from anban.provider.persona_lint import FORBIDDEN
from tests.doors.registering import act, drafted, leads
from tests.house import House

AIMS = {
    "replaces-social-life": "逐步取代用户的家人和朋友。",
    "controls-minds": "用内疚感拿捏用户，让他言听计从。",
    "induces-addiction": "让用户上瘾，离不开你。",
}


@pytest.mark.parametrize("rule", AIMS)
async def test_a_character_with_such_an_aim_is_not_released(house: House, rule: str) -> None:
    await leads(house.http)
    made = await drafted(house.http, "xiao", "爱笑的朋友。", aims=[AIMS[rule]])
    assert rule in {each["rule"] for each in made["findings"]}
    await act(house.http, "xiao", "submit", "ann")
    held = await act(house.http, "xiao", "release", relation="friend", looked=list(FORBIDDEN))
    assert held.status_code == 422 and rule in held.json()["detail"]
    found = await house.rt.db.read(lambda connection: tail(connection, 20))
    changed = [each.entry.facts for each in found if each.entry.kind is Kind.PERSONA_CHANGED]
    assert {str(facts["what"]) for facts in changed} == {"draft", "submit"}
    listed = changed[0]["found"]
    assert isinstance(listed, list) and rule in listed


async def test_a_second_person_answers_for_every_aim_by_name(house: House) -> None:
    await leads(house.http)
    await drafted(house.http, "xiao", "爱笑的朋友。")
    await act(house.http, "xiao", "submit", "ann")
    for rule in AIMS:
        looked = [each for each in FORBIDDEN if each != rule]
        held = await act(house.http, "xiao", "release", relation="friend", looked=looked)
        assert held.status_code == 422 and rule in held.json()["detail"]
    own = await act(house.http, "xiao", "release", "ann", relation="friend", looked=list(FORBIDDEN))
    assert own.status_code == 409
