"""The Merkle tree over all entries (RFC 6962): one root that any changed, added or missing entry would alter."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from anban.base.errors import BadInput

HASH = 32


def leaf_hash(content: bytes) -> bytes:
    """SHA-256 of 0x00 and the content."""
    return hashlib.sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256 of 0x01 and both children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(slots=True)
class Frontier:
    """The roots of the complete subtrees from left to right: all that appending needs, at most 64 hashes."""

    size: int = 0
    peaks: list[bytes] = field(default_factory=list[bytes])

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash at the right."""
        size, peaks = self.size, self.peaks
        while size & 1:
            leaf = node_hash(peaks.pop(), leaf)
            size >>= 1
        peaks.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """The root of the whole tree; SHA-256 of nothing when it is empty."""
        if not self.peaks:
            return hashlib.sha256().digest()
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node_hash(peak, root)
        return root

    def to_bytes(self) -> bytes:
        """The peaks one after another; the size tells how many."""
        return b"".join(self.peaks)

    @classmethod
    def from_bytes(cls, size: int, stored: bytes) -> "Frontier":
        """What `to_bytes` gave for `size` leaves. Raises `BadInput` when the two do not belong together."""
        if size < 0 or len(stored) != HASH * size.bit_count():
            raise BadInput("a frontier that does not fit its size")
        return cls(size, [stored[at : at + HASH] for at in range(0, len(stored), HASH)])


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root()


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The hashes that lead from leaf `index` to the root, lowest first. Raises `BadInput` outside the tree."""
    if not 0 <= index < len(leaves):
        raise BadInput("no such leaf", field="index")
    proof: list[bytes] = []
    level = list(leaves)
    while len(level) > 1:
        if index ^ 1 < len(level):
            proof.append(level[index ^ 1])
        level = _parents(level)
        index >>= 1
    return proof


def _parents(level: list[bytes]) -> list[bytes]:
    """The next level up; a node without a sibling rises unchanged."""
    parents = [node_hash(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
    return parents + level[-1:] if len(level) & 1 else parents


def included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """True when `proof` leads from `leaf` at `index` to the `root` of `size` leaves (RFC 9162 section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = node_hash(sibling, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def consistency_proof(leaves: Sequence[bytes], earlier: int) -> list[bytes]:
    """The hashes that show the first `earlier` leaves unchanged in the tree over all. Raises `BadInput` outside it."""
    if not 0 < earlier <= len(leaves):
        raise BadInput("no such earlier size", field="earlier")
    low, high, proof, whole = 0, len(leaves), list[bytes](), True
    while earlier < high:
        middle = low + (1 << (high - low - 1).bit_length() - 1)
        if earlier <= middle:
            proof.append(root_of(leaves[middle:high]))
            high = middle
        else:
            proof.append(root_of(leaves[low:middle]))
            low, whole = middle, False
    if not whole:
        proof.append(root_of(leaves[low:high]))
    return proof[::-1]


def consistent(earlier: int, earlier_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """True when `proof` shows the tree of `earlier` leaves inside that of `size` (RFC 9162 section 2.1.4.2)."""
    if not 0 < earlier <= size:
        return False
    if earlier == size:
        return not proof and earlier_root == root
    path = list(proof)
    if earlier & (earlier - 1) == 0:
        path.insert(0, earlier_root)
    if not path:
        return False
    place, last = earlier - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and old == earlier_root and new == root


def later_ranges(earlier: int, size: int) -> list[tuple[int, int]]:
    """The ranges behind the first `earlier` leaves whose roots a consistency proof needs; together they are all."""
    low, high, found = 0, size, list[tuple[int, int]]()
    while earlier < high:
        middle = _split(low, high)
        if earlier <= middle:
            found.append((middle, high))
            high = middle
        else:
            low = middle
    return found[::-1]


def proof_from(edge: Frontier, size: int, later: Sequence[bytes]) -> list[bytes]:
    """The consistency proof from the tree at `edge` to `size` leaves; `later` are the roots of `later_ranges`.

    What else it needs are peaks of the edge, so nothing before it is read again.
    """
    low, high, proof, whole, left = 0, size, list[bytes](), True, list(later)
    peaks = iter(edge.peaks)
    while edge.size < high:
        middle = _split(low, high)
        if edge.size <= middle:
            proof.append(left.pop())
            high = middle
        else:
            proof.append(next(peaks))
            low, whole = middle, False
    if not whole:
        proof.append(next(peaks))
    return proof[::-1]


def _split(low: int, high: int) -> int:
    """Where the tree over a range divides: its left side is the largest full subtree."""
    return low + (1 << (high - low - 1).bit_length() - 1)
