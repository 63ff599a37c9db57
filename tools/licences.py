"""Under which licence does each part come? From its own metadata; what only says it in prose is written down here."""

from collections.abc import Mapping
from importlib.metadata import Distribution
from types import MappingProxyType

CLASSIFIERS: Mapping[str, str] = MappingProxyType(
    {
        "MIT License": "MIT",
        "MIT No Attribution License (MIT-0)": "MIT-0",
        "Apache Software License": "Apache-2.0",
        "BSD License": "BSD-3-Clause",
        "ISC License (ISCL)": "ISC",
        "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
        "Python Software Foundation License": "PSF-2.0",
        "The Unlicense (Unlicense)": "Unlicense",
        "GNU Lesser General Public License v2 or later (LGPLv2+)": "LGPL-2.1-or-later",
        "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
    }
)
SPELLINGS: Mapping[str, str] = MappingProxyType(
    {
        "mit": "MIT",
        "mit license": "MIT",
        "the mit license (mit)": "MIT",
        "mit/x11": "MIT",
        "apache 2.0": "Apache-2.0",
        "apache-2.0": "Apache-2.0",
        "apache license 2.0": "Apache-2.0",
        "apache license, version 2.0": "Apache-2.0",
        "apache software license": "Apache-2.0",
        "bsd": "BSD-3-Clause",
        "bsd-3-clause": "BSD-3-Clause",
        "3-clause bsd": "BSD-3-Clause",
        "bsd 3-clause": "BSD-3-Clause",
        "3-clause bsd license": "BSD-3-Clause",
        "bsd-2-clause": "BSD-2-Clause",
        "psf-2.0": "PSF-2.0",
        "psfl": "PSF-2.0",
        "mpl-2.0": "MPL-2.0",
        "isc": "ISC",
        "dual license": "Apache-2.0 OR BSD-3-Clause",
    }
)
BY_HAND: Mapping[str, str] = MappingProxyType({"atheris": "Apache-2.0", "axe-playwright-python": "MIT"})
"""What these say in their licence files and nowhere in their metadata."""

REFUSED = ("AGPL", "GPL", "SSPL", "BUSL", "CC-BY-NC")
"""How the licences begin under which nothing that runs here may come."""

UNKNOWN = "unknown"


def licence_of(part: Distribution) -> str:
    """An SPDX expression, or `unknown` where the part's own metadata does not let one tell."""
    if expression := told(part, "License-Expression"):
        return expression.strip()
    lines = told(part, "License").strip().splitlines()
    if lines and (found := SPELLINGS.get(lines[0].strip().lower())):
        return found
    if lines and " AND " in lines[0]:
        return lines[0].strip()
    named = [
        CLASSIFIERS.get(each.rpartition(" :: ")[2], "")
        for each in (part.metadata.get_all("Classifier") or [])
        if each.startswith("License ::")
    ]
    known = sorted({each for each in named if each})
    return " OR ".join(known) if known else BY_HAND.get(part.metadata["Name"].lower(), UNKNOWN)


def told(part: Distribution, field: str) -> str:
    """The first value of a field of a part's metadata; empty when it has none."""
    return str((part.metadata.get_all(field) or [""])[0])


def refused(licence: str) -> bool:
    """Whether every way in which this licence may be taken is one that we do not take."""
    return all(each.strip("() ").startswith(REFUSED) for each in licence.split(" OR "))
