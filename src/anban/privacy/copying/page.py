"""The readable part of a copy: one page that needs nothing else, with a label on all that is AI-made."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

from anban.conversations.history import Line, Talk
from anban.ledger.kinds import MEANINGS, Kind
from anban.privacy.copying.labels import as_text
from anban.words.helplines import Lang

Told = Mapping[str, Any]

PARTS = (
    "talks", "person", "safety_card", "contacts", "guardians", "consents", "limits", "closed_characters", "spared",
    "usage", "spending", "notices", "level", "cases", "looked", "record", "left_out",
)  # fmt: skip

LONG = 60
"""Parts from which a conversation is drawn only when it comes into sight."""

_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


@dataclass(frozen=True)
class Page:
    """Writes the page piece by piece. `words` are the page's words in its language, `zone` the person's own."""

    words: Mapping[str, str]
    lang: Lang
    zone: tzinfo

    def head(self, label: Mapping[str, str], made_at: datetime, talks: Sequence[Talk], told: Told) -> Iterator[bytes]:
        """Everything before the first conversation."""
        title = self._w("title")
        yield self._b(
            f'<!doctype html>\n<html lang="{"zh-CN" if self.lang == "zh" else "en"}">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">\n'
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
            f'<meta name="AIGC" content="{escape(as_text(label))}">\n<title>{title}</title>\n<style>{_css()}</style>\n'
            f'</head>\n<body>\n<header>\n<h1>{title}</h1>\n<p class="made">{self._w("made")} {self._at(made_at)}</p>\n'
            f'<p class="label top"><b>{self._w("label")}</b> {self._w("label.page")}</p>\n'
            f"<p>{self._w('intro')}</p>\n<p>{self._w('care')}</p>\n</header>\n"
        )
        shown = [part for part in PARTS if part in ("talks", "record", "left_out") or told.get(part)]
        items = "".join(f'<li><a href="#{part}">{self._w(part)}</a></li>' for part in shown)
        yield self._b(f'<nav aria-label="{self._w("contents")}"><ul>{items}</ul></nav>\n<main>\n')
        yield self._b(f'<section id="talks"><h2>{self._w("talks")}</h2>\n')
        if not talks:
            yield self._b(f'<p class="none">{self._w("talks.none")}</p>')
        rows = [
            (
                f'<a href="#talk-{number}">{self._name(talk)}</a>', self._names(talk) or "–",
                f"{self._at(talk.began)} – {self._at(talk.ended)}", str(len(talk.refs)),
            )
            for number, talk in enumerate(talks, 1)
        ]  # fmt: skip
        yield from self._table(("talk", "character", "when", "parts"), rows)
        yield b"</section>\n"

    def talk(self, number: int, talk: Talk) -> bytes:
        """The head of one conversation."""
        who = self._names(talk)
        said = f'<p class="made">{self._field("character")} {who}</p>' if who else ""
        kind = "talk long" if len(talk.refs) > LONG else "talk"
        return self._b(f'<section class="{kind}" id="talk-{number}"><h2>{self._name(talk)}</h2>{said}\n')

    def line(self, line: Line, before: Line | None) -> bytes:
        """One thing said or shown; a new day is named."""
        local = line.at.astimezone(self.zone)
        new_day = before is None or before.at.astimezone(self.zone).date() != local.date()
        day = f'<p class="day">{local:%Y-%m-%d}</p>\n' if new_day else ""
        if line.kind in ("takeover", "retract"):
            name = f"copy.{line.kind}.{line.state}" if line.state else f"copy.{line.kind}"
            return self._b(f'{day}<p class="note">{local:%H:%M} {escape(self.words.get(name, name))}</p>\n')
        text = self._w("unreadable") if line.text is None else escape(line.text)
        label = f'<b class="label">{self._w("label")}</b> ' if line.by == "ai" else ""
        return self._b(
            f'{day}<div class="said {line.by}"><p class="by">{label}{self._w(f"by.{line.by}")} '
            f'<time datetime="{line.at:%Y-%m-%dT%H:%M:%SZ}">{local:%H:%M}</time></p><p class="text">{text}</p></div>\n'
        )

    def talk_ends(self) -> bytes:
        return b"</section>\n"

    def rest(self, told: Told, record: Mapping[str, int], left_out: Sequence[str]) -> Iterator[bytes]:
        """Everything after the last conversation."""
        for part in PARTS:
            match part:
                case "talks":
                    continue
                case "record":
                    yield from self._section(part, self._record(record))
                case "left_out":
                    items = "".join(f"<li>{self._w(f'left_out.{each}')}</li>" for each in left_out)
                    yield from self._section(part, [self._b(f"<ul>{items}</ul>\n")])
                case _ if told.get(part):
                    yield from self._section(part, self._part(part, told[part]))
                case _:
                    continue
        yield self._b(
            f'</main>\n<footer><p class="label top"><b>{self._w("label")}</b> {self._w("label.page")}</p></footer>\n'
            "</body>\n</html>\n"
        )

    def _section(self, part: str, content: Iterable[bytes]) -> Iterator[bytes]:
        about = self.words.get(f"copy.{part}.about", "")
        intro = f'<p class="made">{escape(about)}</p>' if about else ""
        yield self._b(f'<section id="{part}"><h2>{self._w(part)}</h2>{intro}\n')
        yield from content
        yield b"</section>\n"

    def _part(self, part: str, told: Any) -> Iterator[bytes]:
        """A list of records is a table; one record is a list of what is known."""
        match part:
            case "usage":
                rows = [(each["day"], f"{each['minutes']:g}") for each in told]
                yield from self._table(("day", "minutes"), rows)
            case "cases":
                for each in told:
                    yield from self._record_of(each, ("kind", "about", "state", "opened_at", "closed_at", "outcome"))
                    yield from (self._b(f"<blockquote>{escape(text)}</blockquote>") for text in each["own_words"])
                    yield from self._rows(each["events"], ("at", "kind"), "event")
            case "level":
                facts = {name: said[self.lang] for name, said in told.items() if name != "since"}
                yield from self._record_of({"since": told["since"], **facts}, ("since", *facts))
            case "limits":
                for by, chosen in told.items():
                    yield self._b(f"<h3>{self._code('by', by)}</h3>")
                    named = {"quiet_until_time" if name == "quiet_until" else name: chosen[name] for name in chosen}
                    yield from self._record_of(named, tuple(named))
            case _ if isinstance(told, list):
                columns = tuple(name for name in told[0] if name != "receipt")
                yield from self._rows(told, columns, part)
            case _:
                yield from self._record_of(told, tuple(told))

    def _record(self, record: Mapping[str, int]) -> Iterator[bytes]:
        told = ((MEANINGS[Kind(kind)], number) for kind, number in sorted(record.items()))
        rows = [(escape(meaning.zh if self.lang == "zh" else meaning.en), str(number)) for meaning, number in told]
        yield from self._table(("what", "number"), rows)

    def _record_of(self, told: Told, names: Sequence[str]) -> Iterator[bytes]:
        items = "".join(
            f"<div><dt>{self._field(name)}</dt><dd>{self._value(name, told[name])}</dd></div>"
            for name in names
            if told[name] not in (None, [], "")
        )
        yield self._b(f"<dl>{items}</dl>\n")

    def _rows(self, told: Sequence[Told], names: Sequence[str], part: str) -> Iterator[bytes]:
        kept = [name for name in names if any(each[name] not in (None, [], "") for each in told)]
        rows = [tuple(self._value(name, each[name], part) for name in kept) for each in told]
        yield from self._table(kept, rows)

    def _table(self, names: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[bytes]:
        if not rows:
            return
        top = "".join(f'<th scope="col">{self._field(name)}</th>' for name in names)
        many = ' class="many"' if len(names) > 2 else ""
        yield self._b(f"<table{many}><thead><tr>{top}</tr></thead><tbody>\n")
        labels = [self._field(name) for name in names]
        for row in rows:
            cells = "".join(f'<td data-is="{label}">{cell}</td>' for label, cell in zip(labels, row, strict=True))
            yield self._b(f"<tr>{cells}</tr>\n")
        yield b"</tbody></table>\n"

    def _value(self, name: str, value: Any, part: str = "") -> str:
        """A value as somebody reads it: times on their own clock, codes in words where there are any."""
        match value:
            case None | "" | []:
                return "–"
            case bool():
                return self._code("said", "yes" if value else "no")
            case list():
                inner = (self._value(name, each, part) for each in value)  # pyright: ignore[reportUnknownVariableType]
                return "<br>".join(inner)
            case dict():
                return " · ".join(self._value(key, each, part) for key, each in value.items())  # pyright: ignore
            case str() if _TIME.fullmatch(value):
                return self._at(datetime.fromisoformat(value))
            case str():
                return self._code(f"{part}.{name}" if part else name, value, name)
            case _:
                return escape(f"{value:g}" if isinstance(value, float) else str(value))

    def _code(self, *named: str) -> str:
        """The words for a code, looked for under the part first and then under the name of the field."""
        part, code, *wider = named
        for place in (part, *wider):
            if (found := self.words.get(f"copy.{place}.{code}")) is not None:
                return escape(found)
        return escape(code)

    def _field(self, name: str) -> str:
        return escape(self.words.get(f"copy.field.{name}", name))

    def _name(self, talk: Talk) -> str:
        return escape(talk.conversation) or self._w("talk.none")

    def _names(self, talk: Talk) -> str:
        return escape(("、" if self.lang == "zh" else ", ").join(talk.personas))

    def _at(self, moment: datetime) -> str:
        return f"{moment.astimezone(self.zone):%Y-%m-%d %H:%M}"

    def _w(self, name: str) -> str:
        return escape(self.words[f"copy.{name}"])

    def _b(self, text: str) -> bytes:
        return text.encode("utf-8", "replace")


@cache
def _css() -> str:
    return files("anban.privacy.copying").joinpath("page.css").read_text(encoding="utf-8")
