"""How an operator sets a channel: one table in `anban.toml`, checked when the service starts."""

from string import Formatter
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from anban.outreach.channel import Letter

PIECES: Final = ("subject", "text", "link", "code")


class Choice(BaseModel):
    """What every channel's settings have beside its `kind`. `name` is needed where a deployment has two of one sort."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: str = Field("", pattern=r"^([a-z][a-z0-9-]{0,31})?$")


def _door(url: str) -> str:
    parts = urlsplit(url)
    plain = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost"))
    if not plain or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise ValueError("must be an https address without credentials (http only on this machine)")
    return url


def _filled_in(piece: str) -> str:
    try:
        names = {name for _, name, _, _ in Formatter().parse(piece) if name is not None}
    except ValueError:
        names = {""}
    if not names <= set(PIECES):
        raise ValueError(f"may hold {', '.join('{' + name + '}' for name in PIECES)} and no other braces")
    return piece


def _full(secret: SecretStr) -> SecretStr:
    if not secret.get_secret_value().strip():
        raise ValueError("is empty")
    return secret


Door = Annotated[str, AfterValidator(_door)]
"""A provider's address."""

Piece = Annotated[str, AfterValidator(_filled_in)]
"""What stands in a template's variable: words around pieces of the letter, as in `{link}`."""

Secret = Annotated[SecretStr, AfterValidator(_full)]
"""A provider's secret; it never shows in a message or a log."""

Plain = Annotated[str, Field(min_length=1, max_length=200)]
"""A name or number that the provider has given out."""


def filled(piece: str, letter: Letter) -> str:
    """`piece` with the letter put in. `{code}` is the end of the link, for templates that hold its beginning."""
    return piece.format(
        subject=letter.subject, text=letter.text, link=letter.link, code=letter.link.rstrip("/").rpartition("/")[2]
    )
