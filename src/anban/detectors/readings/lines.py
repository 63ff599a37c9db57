"""A text broken over several short lines, read as one."""

_MOST_IN_LINE = 40  # characters of a line that is no paragraph, and
_MOST_ON_AVERAGE = 18
_BULLETS = tuple("-*•·–—+>#")
_AFTER_NUMBER = frozenset(".):、 ")


def as_one_line(text: str) -> str | None:
    """Its lines put together, with a blank between Latin words and nothing between Chinese ones.

    None for paragraphs, a single line, and a list.
    """
    rows = [row for line in text.split("\n") if (row := line.strip())]
    size = sum(map(len, rows))
    if len(rows) < 2 or size > _MOST_ON_AVERAGE * len(rows) or max(map(len, rows)) > _MOST_IN_LINE:
        return None
    if sum(map(_is_item, rows)) * 2 > len(rows):
        return None
    return flowing(rows)


def flowing(rows: list[str]) -> str:
    """Rows as running text: a blank between Latin words and nothing between Chinese ones. Empty rows are left out."""
    kept = [row for each in rows if (row := each.strip())]
    glued = (
        row if _is_wide(before[-1]) and _is_wide(row[0]) else f" {row}"
        for before, row in zip(kept, kept[1:], strict=False)
    )
    return "".join([*kept[:1], *glued])


def _is_item(row: str) -> bool:
    """Whether it is a line of a list."""
    return row.startswith(_BULLETS) or (row[0].isdigit() and row.lstrip("0123456789")[:1] in _AFTER_NUMBER)


def _is_wide(char: str) -> bool:
    return char >= "\u2e80"
