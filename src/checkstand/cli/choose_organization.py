"""Which organization a command works on: the one that is named, else the only one, else the demo shop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checkstand.cli.terminal import Failure

if TYPE_CHECKING:  # loaded when they are needed: `--help` should not wait for the application
    from checkstand.domain.organization import Organization
    from checkstand.services import Services


async def choose(services: Services, slug: str | None) -> Organization:
    """Raises Failure, which tells what there is to choose from."""
    from checkstand.store import organizations

    known = {found.slug: found for found in await organizations.all_of_them(services.ports.db)}
    if slug is None and len(known) == 1:
        return next(iter(known.values()))
    if (slug or "demo") in known:
        return known[slug or "demo"]
    if not known:
        raise Failure(
            "This database has no organization yet. "
            "`checkstand organization create --name NAME --email EMAIL` makes one."
        )
    asked = f"There is no organization '{slug}'" if slug else "There are several organizations"
    raise Failure(f"{asked}. Name one with --org: {', '.join(sorted(known)[:20])}.")
