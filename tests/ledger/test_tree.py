"""The tree agrees with the plain recursion of RFC 6962 and proves what it says."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anban.base.errors import BadInput
from anban.ledger.tree import (
    Frontier,
    consistency_proof,
    consistent,
    included,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
)

LEAVES = [leaf_hash(b"%d" % number) for number in range(70)]
sizes = st.integers(1, len(LEAVES))


def split(leaves: list[bytes]) -> int:
    """The largest power of two smaller than the number of leaves (RFC 6962 section 2.1)."""
    power = 1
    while power * 2 < len(leaves):
        power *= 2
    return power


def naive_root(leaves: list[bytes]) -> bytes:
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    k = split(leaves)
    return hashlib.sha256(b"\x01" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def naive_path(index: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = split(leaves)
    if index < k:
        return [*naive_path(index, leaves[:k]), naive_root(leaves[k:])]
    return [*naive_path(index - k, leaves[k:]), naive_root(leaves[:k])]


def naive_proof(earlier: int, leaves: list[bytes], whole: bool = True) -> list[bytes]:
    if earlier == len(leaves):
        return [] if whole else [naive_root(leaves)]
    k = split(leaves)
    if earlier <= k:
        return [*naive_proof(earlier, leaves[:k], whole), naive_root(leaves[k:])]
    return [*naive_proof(earlier - k, leaves[k:], False), naive_root(leaves[:k])]


def test_the_root_of_every_size_is_that_of_the_recursion():
    frontier = Frontier()
    assert frontier.root() == naive_root([])
    for size, leaf in enumerate(LEAVES, 1):
        frontier.append(leaf)
        assert frontier.root() == naive_root(LEAVES[:size]) == root_of(LEAVES[:size])


def test_the_known_roots_of_the_certificate_log_examples():
    """The test vectors published with Certificate Transparency's reference implementation."""
    inputs = [b"", b"\x00", b"\x10", b"\x20\x21", b"\x30\x31", b"\x40\x41\x42\x43", bytes(range(0x50, 0x58)),
              bytes(range(0x60, 0x70))]  # fmt: skip
    leaves = [leaf_hash(content) for content in inputs]
    assert root_of(leaves[:1]).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert root_of(leaves[:2]).hex() == "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
    assert root_of(leaves).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


def test_leaves_and_nodes_are_hashed_apart():
    assert leaf_hash(LEAVES[0] + LEAVES[1]) != node_hash(LEAVES[0], LEAVES[1])


@given(sizes, st.data())
def test_every_leaf_can_be_shown_to_be_included(size, data):
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(LEAVES[:size], index)
    assert proof == naive_path(index, LEAVES[:size])
    assert included(LEAVES[index], index, size, proof, root_of(LEAVES[:size]))


@given(sizes, st.data())
def test_no_other_leaf_place_or_tree_passes_with_that_proof(size, data):
    index = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(0, size + 3).filter(lambda number: number != index))
    proof, root = inclusion_proof(LEAVES[:size], index), root_of(LEAVES[:size])
    assert not included(LEAVES[index], other, size, proof, root)
    assert not included(leaf_hash(b"another"), index, size, proof, root)
    assert not included(LEAVES[index], index, size, [*proof, LEAVES[0]], root)
    assert not included(LEAVES[index], index, size, proof, leaf_hash(b"another"))
    if proof:
        assert not included(LEAVES[index], index, size, proof[:-1], root)


@given(sizes, st.data())
def test_an_earlier_tree_can_be_shown_to_be_kept(size, data):
    earlier = data.draw(st.integers(1, size))
    proof = consistency_proof(LEAVES[:size], earlier)
    old, new = root_of(LEAVES[:earlier]), root_of(LEAVES[:size])
    assert proof == naive_proof(earlier, LEAVES[:size])
    assert consistent(earlier, old, size, new, proof)


@given(sizes, st.data())
def test_a_tree_that_forgot_something_cannot_be_shown_to_be_kept(size, data):
    earlier = data.draw(st.integers(1, size))
    changed = data.draw(st.integers(0, earlier - 1))
    other = [*LEAVES[:changed], leaf_hash(b"another"), *LEAVES[changed + 1 : size]]
    old, new = root_of(LEAVES[:earlier]), root_of(other)
    assert not consistent(earlier, old, size, new, consistency_proof(LEAVES[:size], earlier))
    assert not consistent(earlier, old, size, new, consistency_proof(other, earlier))


@given(sizes, sizes, st.lists(st.sampled_from(LEAVES), max_size=8))
def test_a_proof_that_was_made_up_proves_nothing(earlier, size, proof):
    if earlier != size:
        old, new = root_of(LEAVES[:earlier]), root_of(LEAVES[:size])
        honest = earlier < size and proof == consistency_proof(LEAVES[:size], earlier)
        assert consistent(earlier, old, size, new, proof) is honest


@given(st.integers(0, len(LEAVES)))
def test_a_stored_frontier_goes_on_where_it_stopped(size):
    first = Frontier()
    for leaf in LEAVES[:size]:
        first.append(leaf)
    again = Frontier.from_bytes(size, first.to_bytes())
    again.append(LEAVES[0])
    assert again.root() == naive_root([*LEAVES[:size], LEAVES[0]])


@pytest.mark.parametrize(("size", "length"), [(1, 0), (0, 32), (3, 32), (-1, 32), (2, 31)])
def test_a_frontier_that_does_not_fit_its_size_is_refused(size, length):
    with pytest.raises(BadInput):
        Frontier.from_bytes(size, bytes(length))


def test_there_is_no_proof_for_what_is_not_there():
    for index in (-1, 3):
        with pytest.raises(BadInput):
            inclusion_proof(LEAVES[:3], index)
    for earlier in (0, 4):
        with pytest.raises(BadInput):
            consistency_proof(LEAVES[:3], earlier)
