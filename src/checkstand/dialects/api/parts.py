"""A dialect as the application takes it in: all that the rest of the server sees of a dialect's folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.types import ASGIApp

from checkstand.dialects.api.call import Errors
from checkstand.domain.profile import Profile
from checkstand.openapi import Described
from checkstand.routing import Routes
from checkstand.webhooks.render import Renderer


def _nothing(app: ASGIApp) -> ASGIApp:
    return app


@dataclass(frozen=True, slots=True, kw_only=True)
class DialectParts:
    """One API. `paths` are the beginnings under which even what is not served is answered in its words (`errors`).

    `last_routes` are asked after those of everybody else; `around` is put around the whole application, for headers of its own.
    """

    profile: Profile
    paths: tuple[str, ...]
    routes: Routes
    described: Described
    errors: Errors
    events: Renderer
    last_routes: Routes = field(default_factory=Routes)
    around: Callable[[ASGIApp], ASGIApp] = _nothing
