"""The built-in demonstration companion: answers when no model is configured, and says what it is."""

import asyncio
import re
from collections.abc import AsyncGenerator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

import yaml

from anban.rails.speech import Completion, Delta, Event, Finished, UpstreamRequest
from anban.words.helplines import Lang
from anban.words.language import language_of
from anban.words.templates import Words

_PIECE: Final = 3
_LANGS: Final[tuple[Lang, ...]] = ("zh", "en")


class Companion:
    """Speaks lines of `words/*/companion.yaml`, chosen by a short table; never repeats the user's own words.

    Has the shape of `speech.Model`, so that everything around it is the same as around a real one. `pace` is the pause
    between pieces in seconds, so that a page can show how a stream looks.
    """

    def __init__(self, words: Words, pace: float = 0.0) -> None:
        self._words = words
        self._pace = pace

    async def stream(self, request: UpstreamRequest) -> AsyncGenerator[Event, None]:
        """The answer in small pieces, `Finished` last. Never fails."""
        text = self._answer(request.body)
        for start in range(0, len(text), _PIECE):
            await asyncio.sleep(self._pace)
            yield Delta(text[start : start + _PIECE])
        yield Finished()

    async def complete(self, request: UpstreamRequest) -> Completion:
        """The whole answer. Never fails."""
        return Completion(self._answer(request.body))

    async def models(self) -> tuple[str, ...]:
        """Its one name."""
        return ("anban-demonstration",)

    async def close(self) -> None:
        """Nothing is held."""

    def _answer(self, body: Mapping[str, Any]) -> str:
        messages = [m for m in body.get("messages", ()) if isinstance(m, dict)]
        said = [_text(m) for m in messages if m.get("role") == "user"]
        last = said[-1] if said else ""
        lang = language_of(last)
        instructions = [_text(m) for m in messages if m.get("role") == "system"]
        template = self._steered(instructions) or _topic(last) or ("companion.listen" if last else "companion.greeting")
        words = self._words.render(template, lang=lang, turn=max(0, len(said) - 1)).text
        if any(m.get("role") == "assistant" for m in messages):
            return words
        first = self._words.render("companion.first", lang=lang).text
        return f"{first}\n{words}"

    def _steered(self, instructions: list[str]) -> str | None:
        """What our own instruction to the model asks for, if one is there, in either language."""
        for steer, template in _table()["steers"].items():
            for lang in _LANGS:
                text = self._words.render(steer, lang=lang).text
                if any(text in instruction for instruction in instructions):
                    return template
        return None


@cache
def _table() -> Mapping[str, Any]:
    return yaml.safe_load(files("anban.rails").joinpath("companion_topics.yaml").read_text("utf-8"))


def _topic(said: str) -> str | None:
    lowered = said.lower()
    latin = set(re.findall(r"[a-z']+", lowered))
    for topic in _table()["topics"]:
        for word in topic["when"]:
            # A single English word must stand alone: "hi" is not in "this".
            if word in latin if re.fullmatch(r"[a-z']+", word) else word in lowered:
                return topic["say"]
    return None


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    return content if isinstance(content, str) else ""
