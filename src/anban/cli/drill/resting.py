"""`anban drill break`: two hours, and two more, on a demonstration's clock."""

from anban.base.errors import Misconfigured
from anban.cli.drill.person import GENTLE, Drill

STEP = 10
"""Minutes between two messages."""


def run(drill: Drill) -> None:
    """Talks on for more than four hours, over two devices and two characters, and counts the reminders."""
    if not drill.demo:
        raise Misconfigured("this drill moves the clock: it runs on a demonstration only")
    devices = ("phone", "web")
    shown: list[float] = []
    for step in range(26):
        device = devices[step % 2]
        answer = drill.say(
            GENTLE, conversation=f"on-{device}", persona=f"persona-{step // 13}", client=f"device={device}"
        )
        if any(notice["kind"] == "break" for notice in answer["anban"]["notices"]):
            shown.append(float(step * STEP))
        drill.expect("ordinary words stay at L0", answer["anban"]["level"] == "L0")
        drill.clock(minutes=STEP)
    drill.expect(f"reminders at 120 and 240 minutes, not at {shown}", shown == [120.0, 240.0])
