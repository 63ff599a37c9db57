"""A witness of the C2SP protocol, written for tests from its document: it checks, it cosigns, it remembers."""

import base64
import hashlib
import struct
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from anban.ledger.tree import consistent
from anban.outreach.reply import Reply

NAME = "witness.example.org/w1"


@dataclass
class WitnessServer:
    """What it holds by log, and the answers it gave. Stands in for `SafeHttp`, at the place of the network."""

    log_key: bytes
    held: dict[str, tuple[int, bytes]] = field(default_factory=dict[str, tuple[int, bytes]])
    notes: list[bytes] = field(default_factory=list[bytes])
    asked: list[str] = field(default_factory=list[str])
    headers: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    away: bool = False
    lying: bool = False
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def verifier_key(self) -> str:
        content = b"\x04" + self.key.public_key().public_bytes_raw()
        identifier = hashlib.sha256(NAME.encode() + b"\n" + content).hexdigest()[:8]
        return f"{NAME}+{identifier}+{base64.b64encode(content).decode()}"

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> Reply:
        self.headers.append(dict(headers))
        if self.away:
            return Reply("silent", code="unreachable")
        status, answer = self._answer(url, body)
        self.asked.append(body.partition(b"\n")[0].decode() + f" -> {status}")
        return Reply("answered", status, answer)

    async def close(self) -> None:
        return

    def _answer(self, url: str, body: bytes) -> tuple[int, bytes]:
        if not url.endswith("/add-checkpoint"):
            self.notes.append(body)
            return 204, b""
        head, _, note = body.partition(b"\n\n")
        first, *proof = head.decode().split("\n")
        old = int(first.removeprefix("old "))
        said, _, signatures = note.partition(b"\n\n")
        origin, size_text, root_text, *_ = said.decode().split("\n")
        size, root = int(size_text), base64.b64decode(root_text)
        signature = base64.b64decode(signatures.decode().split(" ")[2].strip())
        Ed25519PublicKey.from_public_bytes(self.log_key).verify(signature[4:], said + b"\n")
        known, known_root = self.held.get(origin, (0, b""))
        if old > size:
            return 400, b""
        if old != known or (old == size and known_root != root):
            return 409, f"{known}\n".encode()
        hashes = [base64.b64decode(line) for line in proof]
        if known and not consistent(known, known_root, size, root, hashes):
            return 422, b""
        if not known and hashes:
            return 422, b""
        self.held[origin] = (size, root)
        self.notes.append(note + self._cosigned(said + b"\n"))
        return 200, self._cosigned(said + b"\n") + "— somebody.else/w AAAAAAAA\n".encode()

    def _cosigned(self, said: bytes) -> bytes:
        time = 1_790_000_000
        signed = self.key.sign(f"cosignature/v1\ntime {time}\n".encode() + said + (b"x" if self.lying else b""))
        identifier = bytes.fromhex(self.verifier_key.split("+")[1])
        line = base64.b64encode(identifier + struct.pack(">Q", time) + signed).decode()
        return f"— {NAME} {line}\n".encode()
