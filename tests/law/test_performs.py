"""Code says which duty it performs, at no cost and never for a duty that does not exist."""

import pytest

from anban.base.errors import Misconfigured
from anban.law.performs import performed_by, performs
from anban.law.register import Register


def test_the_very_same_function_comes_back() -> None:
    def stop() -> str:
        return "stopped"

    assert performs("free-exit")(stop) is stop


def test_a_performer_is_found_under_each_of_its_duties() -> None:
    @performs("free-exit", "break-reminder")
    def rest() -> None: ...

    name = f"{__name__}:{rest.__qualname__}"
    assert name in performed_by("tests")["free-exit"]
    assert name in performed_by("tests")["break-reminder"]
    assert name not in performed_by().get("free-exit", ())


@pytest.mark.parametrize("duties", [("free-exti",), ("free-exit", "no-such-duty"), ()])
def test_an_unknown_duty_is_refused_when_the_code_is_read(duties: tuple[str, ...]) -> None:
    with pytest.raises(Misconfigured, match="no duty is called"):
        performs(*duties)


def test_what_was_performed_cannot_be_changed_by_a_reader() -> None:
    with pytest.raises(TypeError):
        performed_by()["free-exit"] = ()  # type: ignore[index]


def test_the_names_known_to_code_are_those_in_the_register(register: Register) -> None:
    for duty in register.duties:
        performs(duty)
