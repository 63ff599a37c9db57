"""Somebody who is nobody: the person of a drill. Only this deployment can name one; no real person is taken for one."""

import hmac

from anban.base.ids import new_id
from anban.base.keys import MasterKeys

PREFIX = "drill-"
PURPOSE = "drill people"


def drill_person(keys: MasterKeys, service: str) -> str:
    """A new name for the person of a drill of this service, with its proof at the end."""
    name = new_id(PREFIX)
    return f"{name}-{_proof(keys, service, name)}"


def is_drill_person(keys: MasterKeys, service: str, ref: str | None) -> bool:
    """Whether this deployment made that name for a drill.

    An app that happens to call a person `drill-…` changes nothing for them: without the proof they are real.
    """
    if ref is None or not ref.startswith(PREFIX) or not ref.isascii():
        return False
    name, _, proof = ref.rpartition("-")
    return hmac.compare_digest(proof, _proof(keys, service, name))


def _proof(keys: MasterKeys, service: str, name: str) -> str:
    return keys.derived(PURPOSE).digest(f"{service}|{name}".encode("ascii", "replace"))
