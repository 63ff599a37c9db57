"""What we call public, beside what the standard library calls global: ours is never the wider one."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import example, given, settings
from hypothesis.strategies import integers

from anban.outreach.addresses import is_public


@settings(max_examples=3000)
@given(integers(0, 2**32 - 1))
@example(int(IPv4Address("100.64.0.0")))
def test_no_v4_address_is_public_that_is_not_global(number: int) -> None:
    address = IPv4Address(number)
    assert not is_public(str(address)) or (address.is_global and not address.is_multicast)


@settings(max_examples=3000)
@given(integers(0, 2**128 - 1), integers(0, 3))
def test_no_v6_address_is_public_that_is_not_global_or_carries_another(number: int, shape: int) -> None:
    prefixes = (0, 0x2001 << 112, 0x2002 << 112, 0x64FF9B << 96)
    address = IPv6Address(number if shape == 0 else prefixes[shape] | number & (2**96 - 1))
    carried = address.ipv4_mapped or address.sixtofour or address.teredo
    assert not is_public(str(address)) or (address.is_global and not address.is_multicast and not carried)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "8.8.8.8", "93.184.215.14", "223.5.5.5", "2606:4700:4700::1111", "2400:3200::1"]
)
def test_ordinary_servers_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("word", ["", "localhost", "127.1", "0x7f000001", "8.8.8.8 ", "８.8.8.8", "2606:4700::1%eth0"])
def test_what_is_no_address_is_not_public(word: str) -> None:
    assert not is_public(word)
