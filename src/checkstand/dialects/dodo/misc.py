"""What needs no noun of its own: the countries a buyer may live in, and the one brand (dodo.md 5.10)."""

from __future__ import annotations

from starlette.responses import Response

from checkstand.dialects.dodo import errors, paging, translate
from checkstand.dialects.dodo.call import Api, Call
from checkstand.domain.address import COUNTRIES, EMBARGOED
from checkstand.domain.errors import NotFound

api = Api("Dodo: countries and brands")
READ = ("organizations:read", "organizations:write")
WRITE = ("organizations:write",)


@api.route("GET", "/checkout/supported_countries", public=True)
async def supported_countries(call: Call) -> Response:
    """Every country in test mode and without a key; in live mode those that may be sold to. A plain array."""
    is_live = call.principal is not None and call.organization.mode == "live"
    return call.json(sorted(COUNTRIES - EMBARGOED if is_live else COUNTRIES))


@api.route("GET", "/brands", scopes=READ)
async def brands(call: Call) -> Response:
    """List brands: the business itself."""
    return call.json(paging.envelope([translate.brand(call.organization)]))


@api.route("GET", "/brands/{id}", scopes=READ)
async def brand(call: Call) -> Response:
    """Read a brand."""
    _known(call)
    return call.json(translate.brand(call.organization))


@api.route("PATCH", "/brands/{id}", scopes=WRITE)
async def change_brand(call: Call) -> Response:
    """The primary brand is the business and is changed in its settings."""
    _known(call)
    return errors.answer(403, "UNABLE_TO_EDIT_PRIMARY_BRAND", "The primary brand cannot be edited here")


def _known(call: Call) -> None:
    if call.request.path_params["id"] != translate.business_id(call.organization):
        raise NotFound
