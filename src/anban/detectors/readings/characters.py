"""Characters put for others, in one pass: over a long text by place in an array, where a dictionary is slow."""

from collections.abc import Mapping

import numpy as np

_PLANE = 0x10000
_SHORT = 100  # characters up to which a dictionary is as quick


class Characters:
    """What stands for what; an empty string leaves a character out. Immutable; a tenth of a megabyte or two each."""

    def __init__(self, table: Mapping[int, str]) -> None:
        self._table = dict(table)
        self._near = np.arange(_PLANE, dtype=np.uint16)
        self._gone = np.zeros(_PLANE, np.bool_)
        for code, put in table.items():
            if code < _PLANE and not _is_half(code):
                self._gone[code] = not put
                self._near[code] = ord(put) if len(put) == 1 else code
        self._wide = {chr(code): put for code, put in table.items() if code < _PLANE and len(put) > 1}
        self._far = {code: put for code, put in table.items() if code >= _PLANE}
        # Beyond the first plane a character is two units; the first tells whether it may be one of ours.
        self._first = np.zeros(_PLANE, np.bool_)
        self._first[[0xD800 + (code - _PLANE >> 10) for code in self._far]] = True

    def put_in(self, text: str) -> str:
        """As `str.translate` with the table. Linear in the text's length; never raises, whatever it holds."""
        if len(text) <= _SHORT or text.isascii():
            return text.translate(self._table)
        try:
            units = np.frombuffer(text.encode("utf-16-le"), np.uint16)
        except UnicodeEncodeError:  # half of a pair by itself
            return text.translate(self._table)
        plain = self._near[units]
        gone = self._gone[units]
        if gone.any():
            plain = plain[~gone]
        put = plain.tobytes().decode("utf-16-le")
        for char, told in self._wide.items():
            put = put.replace(char, told)
        return put.translate(self._far) if len(units) > len(text) and self._first[units].any() else put


def _is_half(code: int) -> bool:
    """Whether it is one of those by which UTF-16 writes a character beyond the first plane in two."""
    return 0xD800 <= code < 0xE000
