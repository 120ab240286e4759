"""A dialect as the application takes it in: all that the rest of the server sees of a dialect's folder."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.types import ASGIApp

from checkstand.dialects.api.call import Errors
from checkstand.dialects.api.examples import Examples
from checkstand.domain.organization import Organization
from checkstand.domain.profile import Profile
from checkstand.flows.ports import Ports
from checkstand.openapi import Described
from checkstand.routing import Routes
from checkstand.webhooks.render import Renderer


def _nothing(app: ASGIApp) -> ASGIApp:
    return app


@dataclass(frozen=True, slots=True)
class OpenedLink:
    """A link's organization, and `visit`, which makes a session and returns the address of its page.

    `visit` raises Refused, EmbedNotAllowed, or Invalid where nothing can be sold.
    """

    organization: Organization
    visit: Callable[[Request], Awaitable[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """The API's addresses that make a session for the buyer who opens them: `/buy/` and a name that begins with `prefix`.

    `at_root`: the name without `/buy/` is an address as well. `find` raises NotFound. `status` is that of the answer that leads to
    the session's page.
    """

    prefix: str
    status: int
    find: Callable[[Ports, str], Awaitable[OpenedLink]]
    at_root: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DialectParts:
    """One API. `paths` are the beginnings under which even what is not served is answered in its words (`errors`).

    `links`: None for an API whose sessions are made by its calls alone. `examples`: None for one that the dashboard shows no calls of.
    `last_routes` are asked after those of everybody else; `around` is put around the whole application, for headers of its own.
    """

    profile: Profile
    paths: tuple[str, ...]
    routes: Routes
    described: Described
    errors: Errors
    events: Renderer
    links: Links | None = None
    examples: Examples | None = None
    last_routes: Routes = field(default_factory=Routes)
    around: Callable[[ASGIApp], ASGIApp] = _nothing
