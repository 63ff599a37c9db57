"""E-mail and push messages through the `apprise` library, which knows some hundred ways to push.

It works in threads, follows its own time limits, and tells success from failure and no more: a failure may have come
after the letter was taken, so it is `unknown` and never `refused`. It is loaded when a deployment has such a channel.
"""

import asyncio
import logging
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, SecretStr

from anban.base.errors import Misconfigured
from anban.outreach.channel import Letter, Outcome
from anban.outreach.channels.choice import Choice, Plain, Secret

_AT_ONCE: Final = 8
_MAIL: Final = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+", re.ASCII)
_DEVICE: Final = re.compile(r"[A-Za-z0-9_-]{1,200}", re.ASCII)
_HERE: Final = ("127.0.0.1", "::1", "localhost")
ADDRESS: Final = "{address}"


def _has_address(url: SecretStr) -> SecretStr:
    text = url.get_secret_value()
    if text.count(ADDRESS) != 1 or "://" not in text:
        raise ValueError(f"must be an address of apprise with {ADDRESS} in it, once")
    return url


class EmailChoice(Choice):
    """A mail server that takes letters for others. `sender` is what the receiver sees."""

    kind: Literal["email"]
    host: Plain
    port: int = Field(587, ge=1, le=65535)
    mode: Literal["starttls", "ssl", "insecure"] = "starttls"
    user: str = ""
    password: Secret | None = None
    sender: Annotated[str, Field(pattern=_MAIL.pattern)]


class PushChoice(Choice):
    """`url` is written as apprise wants it, with `{address}` for what the contact has given (a device, a topic)."""

    kind: Literal["push"]
    url: Annotated[SecretStr, AfterValidator(_has_address)]


def _library() -> Any:
    import apprise

    return apprise


class _Apprised:
    """What both have in common: threads of their own, and one try."""

    def __init__(self, name: str, within: float) -> None:
        self.name = name
        self._within = within
        self._library = _library()
        # Its log lines hold addresses.
        logging.getLogger("apprise").disabled = True
        self._threads = ThreadPoolExecutor(_AT_ONCE, f"outreach-{name}")

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _plugin(self, how: str | dict[str, Any]) -> Any:
        """The library's own object for this way, or None when it cannot make one."""
        asset = self._library.AppriseAsset(app_id="Anban", async_mode=False, http_redirects=False)
        return self._library.Apprise.instantiate(how, asset=asset, suppress_exceptions=True)

    async def _told(self, how: str | dict[str, Any], letter: Letter) -> Outcome:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._within):
                done = await loop.run_in_executor(self._threads, self._say, how, letter)
        except TimeoutError:
            return Outcome("unknown", self.name, code="slow")
        return Outcome("accepted", self.name) if done else Outcome("unknown", self.name, code="failed")

    def _say(self, how: str | dict[str, Any], letter: Letter) -> bool:
        plugin = self._plugin(how)
        if plugin is None:
            return False
        said = "\n\n".join(filter(None, (letter.text, letter.link)))
        return bool(plugin.notify(body=said, title=letter.subject, body_format="text"))


class Email(_Apprised):
    """One letter by mail. The send's id travels in `X-Anban-Send`."""

    def __init__(self, choice: EmailChoice, within: float) -> None:
        if choice.mode == "insecure" and choice.host not in _HERE:
            raise Misconfigured("mail without TLS is only for a server on this machine", field="channels")
        super().__init__(choice.name or "email", within)
        self.routes = frozenset({"email"})
        self._choice = choice

    async def send(self, letter: Letter) -> Outcome:
        if not _MAIL.fullmatch(letter.address):
            return Outcome("refused", self.name, code="bad-address")
        choice = self._choice
        how = {
            "schema": "mailto" if choice.mode == "insecure" else "mailtos",
            "host": choice.sender.partition("@")[2],
            "smtp_host": choice.host,
            "port": choice.port,
            "secure": choice.mode != "insecure",
            "secure_mode": choice.mode,
            "user": choice.user or None,
            "password": choice.password.get_secret_value() if choice.password else None,
            "from_addr": choice.sender,
            "targets": [letter.address],
            "headers": {"X-Anban-Send": letter.send},
            "format": "text",
            "cto": self._within,
        }
        return await self._told(how, letter)


class Push(_Apprised):
    """One message to a device, as far as the library can."""

    def __init__(self, choice: PushChoice, within: float) -> None:
        super().__init__(choice.name or "push", within)
        self.routes = frozenset({"push"})
        self._url = choice.url.get_secret_value()
        if self._plugin(self._url.replace(ADDRESS, "a" * 32)) is None:
            raise Misconfigured("the address of a push channel is none that apprise knows", field="channels")

    async def send(self, letter: Letter) -> Outcome:
        # Letters and digits only: what a contact has given must not change where the message goes.
        if not _DEVICE.fullmatch(letter.address):
            return Outcome("refused", self.name, code="bad-address")
        return await self._told(self._url.replace(ADDRESS, letter.address), letter)
