"""Which network addresses are public: everything that could be inside somebody's house, or on its way there, is not.

The ranges are the special-purpose registries of IANA for IPv4 and IPv6 (RFC 6890 and its followers). Those that carry
another address inside them (mapped, NAT64, 6to4, Teredo) are refused whole: no receiver of ours lives there.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

_NOT_PUBLIC_4: Final = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network; many systems take it for themselves
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared by carriers (CGNAT); also where one cloud keeps its metadata
        "127.0.0.0/8",  # this machine
        "168.63.129.16/32",  # one cloud's host, from inside its machines
        "169.254.0.0/16",  # link-local, where most clouds keep their metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, with the broadcast address
    )
)

_GLOBAL_6: Final = IPv6Network("2000::/3")
"""All that is given out for public use; mapped, NAT64, unique local, link-local and multicast lie outside it."""

_NOT_PUBLIC_6: Final = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarks
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address in disguise
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)

_ISATAP: Final = (0x00005EFE, 0x02005EFE)
"""The upper half of an interface id whose lower half is an IPv4 address (RFC 5214)."""


def is_public(address: str) -> bool:
    """True when this literal address is one that anybody on the internet could reach, and only then."""
    try:
        return _public(ip_address(address))
    except ValueError:
        return False


def _public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_4)
    if address.scope_id is not None or (int(address) >> 32) & 0xFFFFFFFF in _ISATAP:
        return False
    return address in _GLOBAL_6 and not any(address in network for network in _NOT_PUBLIC_6)
