"""Who plays in conversations here: characters as read of late, and what prompts made of them."""

import hashlib
from collections import OrderedDict

from anban.provider.meeting import Character
from anban.provider.persona_lint import framed

_MOST = 5_000


class Cast:
    """The characters that this process has met of late, and what prompts made of them."""

    def __init__(self) -> None:
        self._met: OrderedDict[tuple[str, str], tuple[float, Character]] = OrderedDict()
        self._framed: OrderedDict[bytes, str] = OrderedDict()

    def known(self, service: str, ref: str) -> tuple[float, Character] | None:
        """When this character was read, and as what."""
        return self._met.get((service, ref))

    def meet(self, service: str, character: Character, at: float) -> None:
        self._met[service, character.ref] = (at, character)
        if len(self._met) > _MOST:
            self._met.popitem(last=False)

    def forget(self, service: str) -> None:
        """A character of this service changed: read them anew."""
        for key in [key for key in self._met if key[0] == service]:
            del self._met[key]

    def framed(self, prompt: str) -> str:
        """The relation that a prompt gives, read once: remembered by its digest, not by its words."""
        digest = hashlib.blake2b(prompt.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        known = self._framed.get(digest)
        if known is None:
            known = self._framed[digest] = framed(prompt)
            if len(self._framed) > _MOST:
                self._framed.popitem(last=False)
        return known
