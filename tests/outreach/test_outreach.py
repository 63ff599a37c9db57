"""Which steps there are to reach a person, and that taking one always ends with a plain outcome."""

import asyncio

import pytest

from anban.base.errors import Misconfigured, StorageFailed
from anban.outreach.channel import Letter, Outcome
from anban.outreach.outreach import Outreach, Step
from anban.people.models import Contact
from tests.outreach.letters import LETTER


class Scripted:
    """A channel that does one thing."""

    def __init__(self, name: str, *routes: str, does: str = "takes") -> None:
        self.name, self.routes, self._does = name, frozenset(routes), does
        self.got: list[Letter] = []
        self.closed = False

    async def send(self, letter: Letter) -> Outcome:
        self.got.append(letter)
        if self._does == "hangs":
            await asyncio.Event().wait()
        if self._does == "breaks":
            raise StorageFailed("gone")
        if self._does == "has a fault":
            raise ZeroDivisionError
        return Outcome("accepted", self.name, "p-1")

    async def close(self) -> None:
        self.closed = True


ALL = Outreach([Scripted("sms", "phone"), Scripted("voice", "phone"), Scripted("email", "email")])


def test_each_way_of_a_contact_is_tried_over_each_channel_that_serves_it_in_order() -> None:
    mother = Contact("con_1", "guardian", "王女士", "phone", "13800138000", also=(("email", "wang@example.com"),))
    assert ALL.steps_for(mother) == (
        Step("sms", "phone", "13800138000"),
        Step("voice", "phone", "13800138000"),
        Step("email", "email", "wang@example.com"),
    )


def test_a_way_that_nobody_serves_gives_no_step() -> None:
    lost = Contact("con_1", "emergency", "老同学", "pigeon", "roof", also=(("webhook", "https://x.example"),))
    assert ALL.steps_for(lost) == ()
    assert ALL.routes == {"phone", "email"}


def test_the_same_way_twice_is_one_step() -> None:
    twice = Contact("con_1", "emergency", "甲", "email", "a@example.com", also=(("email", "a@example.com"),))
    assert len(ALL.steps_for(twice)) == 1


def test_an_address_does_not_show_where_a_step_or_letter_is_printed() -> None:
    shown = repr(ALL.steps_over([("phone", "13800138000")])) + repr(LETTER)
    assert "13800138000" not in shown and LETTER.address not in shown and LETTER.text not in shown


async def test_a_letter_goes_to_the_channel_of_that_name_and_its_outcome_comes_back() -> None:
    sms, voice = Scripted("sms", "phone"), Scripted("voice", "phone")
    assert await Outreach([sms, voice]).send("voice", LETTER) == Outcome("accepted", "voice", "p-1")
    assert voice.got == [LETTER] and sms.got == []


async def test_a_channel_that_is_not_there_refuses() -> None:
    assert await ALL.send("telegraph", LETTER) == Outcome("refused", "telegraph", code="no-channel")


@pytest.mark.parametrize("does, code", [("hangs", "slow"), ("breaks", "broke"), ("has a fault", "broke")])
async def test_whatever_a_channel_does_wrong_the_outcome_is_unknown(does: str, code: str) -> None:
    outreach = Outreach([Scripted("sms", "phone", does=does)], within=0.05)
    assert await outreach.send("sms", LETTER) == Outcome("unknown", "sms", code=code)


async def test_a_send_that_is_cancelled_is_cancelled() -> None:
    task = asyncio.create_task(Outreach([Scripted("sms", "phone", does="hangs")]).send("sms", LETTER))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_closing_closes_every_channel() -> None:
    channels = [Scripted("sms", "phone"), Scripted("voice", "phone")]
    await Outreach(channels).close()
    assert all(channel.closed for channel in channels)


def test_two_channels_of_one_name_refuse_to_start() -> None:
    with pytest.raises(Misconfigured, match="same name"):
        Outreach([Scripted("sms", "phone"), Scripted("sms", "phone")])


def test_a_number_stated_as_a_call_is_called_first_and_one_stated_as_a_message_is_written_to_first() -> None:
    outreach = Outreach([Scripted("sms", "phone"), Scripted("voice", "phone")])
    assert [step.channel for step in outreach.steps_over([("sms", "138")])] == ["sms", "voice"]
    assert [step.channel for step in outreach.steps_over([("voice", "138")])] == ["voice", "sms"]
    assert {step.route for step in outreach.steps_over([("voice", "138")])} == {"phone"}
