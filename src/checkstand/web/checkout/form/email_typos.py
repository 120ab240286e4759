"""What was meant by a mistyped e-mail address: `jo@gmial.com` is Gmail's. A suggestion only; nothing is refused for it.

>>> meant("jo@gmial.com"), meant("jo@example.con"), meant("jo@gmail.com"), meant("jo@acme.co")
('jo@gmail.com', 'jo@example.com', None, None)
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import Final

# Providers whose names are long enough that something close to one is a slip and not a name of its own.
_LIKELY: Final = (
    "gmail.com", "googlemail.com", "yahoo.com", "yahoo.co.uk", "yahoo.co.jp", "yahoo.fr", "yahoo.co.in", "hotmail.com",
    "hotmail.co.uk", "hotmail.fr", "hotmail.it", "hotmail.de", "outlook.com", "outlook.de", "outlook.fr", "outlook.es",
    "icloud.com", "protonmail.com", "comcast.net", "verizon.net", "btinternet.com", "t-online.de", "wanadoo.fr", "orange.fr",
    "laposte.net", "libero.it", "rediffmail.com", "uol.com.br", "terra.com.br",
)  # fmt: skip
# Close to one of those, and somebody's own.
_REAL: Final = frozenset({
    "mail.com", "email.com", "ymail.com", "rocketmail.com", "gmx.com", "hotmail.es", "proton.me", "yahoo.de", "yahoo.es",
    "yahoo.it", "yahoo.ca", "yahoo.com.br", "yahoo.com.au", "outlook.it", "outlook.jp", "inlook.com", "live.com", "gail.com",
})  # fmt: skip
_ENDINGS: Final = {
    "con": "com",
    "cmo": "com",
    "ocm": "com",
    "comm": "com",
    "vom": "com",
    "xom": "com",
    "nte": "net",
    "ogr": "org",
}
_CLOSE: Final = 0.85


def meant(email: str) -> str | None:
    """The address that was probably meant; None where nothing looks like a slip."""
    local, at, domain = email.rpartition("@")
    domain = domain.lower()
    if not at or not local or domain in _LIKELY or domain in _REAL:
        return None
    found = get_close_matches(domain, _LIKELY, n=1, cutoff=_CLOSE)
    if found:
        return f"{local}@{found[0]}"
    name, _, ending = domain.rpartition(".")
    return f"{local}@{name}.{_ENDINGS[ending]}" if name and ending in _ENDINGS else None
