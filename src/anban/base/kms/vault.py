"""A key service that speaks Vault's transit engine: `encrypt` and `decrypt` of a named key, with a token."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import orjson

from anban.base.errors import Misconfigured
from anban.base.keys import KeysAway
from anban.base.kms.shape import post


@dataclass(frozen=True, slots=True)
class VaultTransit:
    """`key` is the name of a transit key of an authenticated kind (aes256-gcm96 or the like).

    The token stands in `token` or, where an agent renews it, in `token_file`, which is read each time.
    """

    url: str
    key: str
    token: str = field(repr=False, default="")
    token_file: Path | None = None
    mount: str = "transit"
    namespace: str = ""
    name: str = "vault"

    async def wrap(self, secret: bytes, context: Mapping[str, str]) -> bytes:
        """`encrypt`, with the context as associated data."""
        told = await self._ask("encrypt", {"plaintext": base64.b64encode(secret).decode()}, context)
        return told["ciphertext"].encode()

    async def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """`decrypt`; the service refuses what was wrapped with other associated data."""
        told = await self._ask("decrypt", {"ciphertext": wrapped.decode("ascii", "replace")}, context)
        try:
            return base64.b64decode(told["plaintext"], validate=True)
        except binascii.Error as error:
            raise KeysAway("the key service answers in another shape") from error

    async def _ask(self, act: str, told: dict[str, str], context: Mapping[str, str]) -> dict[str, str]:
        bound = orjson.dumps(dict(context), option=orjson.OPT_SORT_KEYS)
        body = orjson.dumps({**told, "associated_data": base64.b64encode(bound).decode()})
        headers = {"content-type": "application/json", "x-vault-token": self._token(), "x-vault-request": "true"}
        if self.namespace:
            headers["x-vault-namespace"] = self.namespace
        url = f"{self.url.rstrip('/')}/v1/{quote(self.mount)}/{act}/{quote(self.key, safe='')}"
        answer = (await post(url, body, headers)).get("data")
        wanted = "ciphertext" if act == "encrypt" else "plaintext"
        found = answer.get(wanted) if isinstance(answer, dict) else None  # pyright: ignore[reportUnknownMemberType]
        if not isinstance(found, str):
            raise KeysAway("the key service answers in another shape")
        return {wanted: found}

    def _token(self) -> str:
        if self.token_file is None:
            return self.token
        try:
            return self.token_file.read_text().strip()
        except OSError as error:
            raise Misconfigured("the token file of the key service cannot be read", field="ANBAN_KMS") from error
