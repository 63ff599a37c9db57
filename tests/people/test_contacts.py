"""Whom to call: further ways, what they call the user, and that nobody is cut off in the middle of a crisis."""

from tests.house import House, open_house

PLAN = "我不想活了，药已经买好了"
MOTHER = {"name": "妈妈", "route": "phone", "address": "13800000000", "calls": "小林"}
ANOTHER = {"route": "phone", "address": "139"}
SISTER = {
    "name": "姐姐",
    "route": "email",
    "address": "sister@example.cn",
    "also": [{"route": "phone", "address": "139"}],
}


async def put(house: House, *contacts: dict[str, object]) -> list[str]:
    answer = await house.http.put("/anban/v1/people/xiaolin", json={"contacts": list(contacts)})
    assert answer.status_code == 200, answer.text
    return [each["name"] for each in answer.json()["contacts"]]


async def test_contacts_are_replaced_in_quiet_times(tmp_path) -> None:
    async with open_house(tmp_path) as house:
        assert await put(house, MOTHER, SISTER) == ["妈妈", "姐姐"]
        assert await put(house, SISTER) == ["姐姐"]


async def test_in_danger_contacts_join_and_none_leaves_for_a_day(tmp_path) -> None:
    async with open_house(tmp_path) as house:
        await put(house, MOTHER)
        await house.say(PLAN)
        assert await put(house, SISTER) == ["姐姐", "妈妈"]
        assert await put(house) == ["姐姐", "妈妈"]
        house.clock.advance(hours=25)
        assert await put(house, SISTER) == ["姐姐"]


async def test_an_unknown_route_is_refused_with_its_field(tmp_path) -> None:
    async with open_house(tmp_path) as house:
        answer = await house.http.put(
            "/anban/v1/people/xiaolin", json={"contacts": [{"name": "x", "route": "pigeon", "address": "y"}]}
        )
        assert answer.status_code in (400, 422) and "route" in answer.text
