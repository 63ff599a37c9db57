"""Calling the desk outside its page: short, merged, to whoever is on duty and to a paging tool; it names nobody."""

from pathlib import Path

from anban.outreach.channel import Letter, Outcome
from anban.outreach.outreach import Outreach
from anban.provider.desk_models import staff
from tests.house import House, open_house

NOW = "我已经把药吃下去了"


class Tool:
    """A paging tool that remembers."""

    name, routes = "tool", frozenset({"oncall"})

    def __init__(self) -> None:
        self.letters: list[Letter] = []

    async def send(self, letter: Letter) -> Outcome:
        self.letters.append(letter)
        return Outcome("accepted", self.name)


async def rung(house: House) -> Tool:
    tool = Tool()
    house.outreach(Outreach([tool]))
    return tool


async def test_a_paging_tool_is_called_with_level_and_link_and_nothing_else(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        tool = await rung(house)
        await house.say(NOW)
        await house.work()
        assert len(tool.letters) == 1, "at once"
        letter = tool.letters[0]
        assert "L4" in letter.text and "/desk" in letter.text
        assert "xiaolin" not in letter.text + letter.send and "药" not in letter.text


async def test_many_cases_at_once_are_one_call(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        tool = await rung(house)
        for number in range(12):
            await house.say(NOW, user=f"person-{number}")
        await house.work(seconds=31)
        assert 1 <= len(tool.letters) <= 2, "the queue shows the rest"
        await house.work(seconds=61)
        assert "12" in tool.letters[-1].text


async def test_a_desk_that_cannot_be_reached_keeps_no_case_from_being_carried(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:

        class Broken(Tool):
            async def send(self, letter: Letter) -> Outcome:
                raise OSError("gone")

        house.outreach(Outreach([Broken()]))
        await house.rt.db.write(lambda c: c.execute(staff.update().values(state="off")) and None)
        await house.say(NOW)
        await house.work(minutes=5)
        events = (await house.get("/anban/v1/cases?user=xiaolin")).json()[0]["events"]
        assert "alarmed" in {event["kind"] for event in events}
