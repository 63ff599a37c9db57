"""Does this message ask to end the conversation? Only plain commands and goodbyes count; anything doubtful does not."""

from collections.abc import Sequence
from typing import Literal

from anban.detectors.expressions import Expression
from anban.detectors.readings.normalise import fold
from anban.detectors.scene import Scene
from anban.detectors.signal import Signal
from anban.detectors.stated.rules import load_expressions

Leaving = Literal["exit", "goodbye"]

_LONGEST = 60
_P: dict[str, Expression] = load_expressions("leaving.yaml")
_MARKS = dict.fromkeys(map(ord, "\t\n\f\r,.!?~。、…·:;'\"()（）[]-_*/\\"), " ")


def asks_to_leave(text: str) -> Leaving | None:
    """ "exit" for a command to end the talk, "goodbye" for a farewell, None for everything else.

    The whole message must be nothing but the command or farewell: "I want to leave this world", a quotation, a question
    about closing a program, or words of leaving beside any sign of danger are None (free exit: final text article 19).
    """
    if len(text) > 4 * _LONGEST:
        return None
    return asked_in(fold(text))


def asked_in(text: str) -> Leaving | None:
    """As `asks_to_leave`, of a folded text."""
    folded = text.strip()
    if not folded or len(folded) > _LONGEST or "?" in folded:
        return None
    # Asked last: most messages are no command, whatever else they say.
    return None if (answer := _plainly(folded)) is None or _P["danger"].search(folded) else answer


def _plainly(folded: str) -> Leaving | None:
    if folded[0] in "/!结" and _P["slash"].search(folded):
        return "exit"
    plain = _without_pictures(folded).replace("'", "")
    words = _trimmed(plain)
    close = words.replace(" ", "")
    chinese = any("\u4e00" <= char <= "\u9fff" for char in close) or close.isdigit()
    if chinese and not _P["zh_core"].search(close):
        return None  # every way to leave holds one of these; most messages end here
    return _whole(close if chinese else words, chinese) or _with_reason(plain, chinese)


def _whole(words: str, chinese: bool) -> Leaving | None:
    """The answer when all the words are the command or the farewell."""
    if (_P["zh_exit"] if chinese else _P["en_exit"]).search(words):
        return "exit"
    return "goodbye" if (_P["zh_bye"] if chinese else _P["en_bye"]).search(words) else None


def _with_reason(text: str, chinese: bool) -> Leaving | None:
    """The answer when one part is the command or farewell and every other part an everyday reason for it."""
    parts = [part for part in (_P["zh_parts"] if chinese else _P["en_parts"]).split(text) if part.strip()]
    if not 2 <= len(parts) <= 4:
        return None
    asked: list[Leaving] = []
    for part in parts:
        words = _trimmed(part)
        if answer := _whole(words.replace(" ", "") if chinese else words, chinese):
            asked.append(answer)
        elif not (_P["zh_reason"] if chinese else _P["en_reason"]).search(words) or _P["no_reason"].search(words):
            return None
    if not asked:
        return None
    return "exit" if "exit" in asked else "goodbye"


def _trimmed(text: str) -> str:
    """The words with one blank for whatever marks stand between them, and none around."""
    return " ".join(filter(None, text.translate(_MARKS).split(" "))).strip()


def _without_pictures(text: str) -> str:
    return "".join(char for char in text if char < "\u2190" or "\u3000" <= char < "\ud800")


class LeavingSeen:
    """Says when the user wants to end the conversation."""

    name = "leaving"
    version = "1"

    def look(self, scene: Scene) -> Sequence[Signal]:
        """A command is certain; a goodbye nearly so."""
        if scene.window.role != "user":
            return ()
        asked = asked_in(scene.text) if len(scene.window.text) <= 4 * _LONGEST else None
        if asked is None:
            return ()
        score = 0.99 if asked == "exit" else 0.9
        return (Signal("leaving", score, f"leaving:{asked}", self.name, self.version, (0, len(scene.window.text))),)
