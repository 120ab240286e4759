"""The codes of tax registrations as people write them, and what was probably meant by one that does not exist.

>>> known_codes(("eu", "us-ca"), "--register")
('EU', 'US-CA')
>>> near_codes("UK")[0], near_codes("Germany")[0], near_codes("CA-ON")[0]
('GB', 'DE', 'CA')
"""

from __future__ import annotations

from difflib import get_close_matches

import click

_SHOWN = 5
_OTHER_NAMES = {"UK": "GB", "EL": "GR", "USA": "US", "OSS": "EU", "IOSS": "EU", "ALL": "*", "XI": "GB"}


def written(given: tuple[str, ...]) -> tuple[str, ...]:
    """Upper case, each once; several may be written into one, with commas."""
    parts = (part.strip().upper() for text in given for part in text.split(","))
    return tuple(dict.fromkeys(part for part in parts if part))


def known_codes(given: tuple[str, ...], option: str) -> tuple[str, ...]:
    """The codes, when all exist. Raises BadParameter, which lists near ones."""
    from checkstand.providers.taxes import registration_codes

    codes = written(given)
    existing = registration_codes()
    for code in codes:
        if code not in existing:
            raise click.BadParameter(
                f"'{code}' is no place to register for. Near ones: {', '.join(near_codes(code))}.", param_hint=option
            )
    return codes


def near_codes(code: str) -> list[str]:
    """Codes that look alike, the one of a place whose name it is first; never none."""
    from checkstand.providers.taxes import registration_codes

    existing, wanted = registration_codes(), code.upper()
    names = {name.upper(): known for known, name in _names().items() if known in existing}
    named = [_OTHER_NAMES[wanted]] if wanted in _OTHER_NAMES else []
    named += [names[name] for name in get_close_matches(wanted, names, n=_SHOWN, cutoff=0.75)]
    country = wanted.partition("-")[0]
    named += [country] if country in existing else []
    alike = get_close_matches(wanted, sorted(existing), n=_SHOWN, cutoff=0.5)
    return list(dict.fromkeys((*named, *alike)))[:_SHOWN] or ["EU", "US", "CA", "GB", "*"]


def _names() -> dict[str, str]:
    from babel import Locale

    from checkstand.domain.address import CA_SUBDIVISIONS, US_STATES

    states = {f"US-{code}": name for code, name in US_STATES.items()}
    provinces = {f"CA-{code}": name for code, name in CA_SUBDIVISIONS.items()}
    return {**provinces, **states, **{str(code): str(name) for code, name in Locale("en").territories.items()}}
