"""The page that shows how far we are says what the register says."""

from pathlib import Path

from anban.law.document import document
from anban.law.performs import performed_by, see_every_room
from anban.law.register import Register

PAGE = Path(__file__).parents[2] / "docs" / "duties.md"


def test_the_page_of_duties_is_in_step_with_the_register(register: Register) -> None:
    see_every_room()
    made = document(register, performed_by())
    assert PAGE.read_text(encoding="utf-8") == made, "run: python -m anban.law.document > docs/duties.md"


def test_the_page_names_every_duty_and_every_number(register: Register) -> None:
    made = document(register, {})
    for name in (*register.duties, *register.parameters, *register.instruments):
        assert f"| `{name}` |" in made
