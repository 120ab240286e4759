"""Change where links may send an organization's buyers, and whether these may start again when a session ended without a payment."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from uuid import UUID

from checkstand.domain.errors import Invalid, Problem
from checkstand.domain.organization import OrganizationSettings
from checkstand.domain.problem_codes import ProblemCode
from checkstand.domain.redirects import MOST_REDIRECT_HOSTS, tidy_host
from checkstand.flows.organizations.change_settings import change_settings
from checkstand.flows.ports import Ports


async def change_redirects(
    ports: Ports,
    organization_id: UUID,
    *,
    allow: Collection[str] = (),
    remove: Collection[str] | None = (),
    allows_renewal: bool | None = None,
) -> OrganizationSettings:
    """The settings after the change. `remove` None takes away every host that is not in `allow`. Raises Invalid, NotFound."""
    return await change_settings(
        ports,
        organization_id,
        lambda settings: changed_redirects(settings, allow=allow, remove=remove, allows_renewal=allows_renewal),
    )


def changed_redirects(
    settings: OrganizationSettings,
    *,
    allow: Collection[str] = (),
    remove: Collection[str] | None = (),
    allows_renewal: bool | None = None,
) -> OrganizationSettings:
    """The settings with other hosts, and renewal where it is given. Raises Invalid."""
    added, gone = _tidied(allow), _tidied(remove or ())
    kept = () if remove is None else tuple(host for host in settings.redirect_hosts if host not in gone)
    hosts = tuple(dict.fromkeys((*kept, *added)))
    if len(hosts) > MOST_REDIRECT_HOSTS:
        raise Invalid.single(ProblemCode.REDIRECT_HOSTS_TOO_MANY, "redirect_hosts", given=len(hosts))
    renews = settings.allows_renewal if allows_renewal is None else allows_renewal
    return replace(settings, redirect_hosts=hosts, allows_renewal=renews)


def _tidied(typed: Collection[str]) -> tuple[str, ...]:
    read = {text: tidy_host(text) for text in typed if text.strip()}
    wrong = [text for text, host in read.items() if host is None]
    if wrong:
        raise Invalid([Problem(ProblemCode.REDIRECT_HOST_UNREADABLE, ("redirect_hosts",), text) for text in wrong])
    return tuple(host for host in read.values() if host is not None)
