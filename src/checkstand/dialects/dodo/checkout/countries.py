"""The countries that a buyer may live in (docs/behaviour/dodo.md#invoices-and-countries)."""

from __future__ import annotations

from starlette.responses import Response

from checkstand.dialects.dodo.wire.call import Api, Call
from checkstand.domain.address import COUNTRIES, EMBARGOED

api = Api("Dodo: countries")


@api.route("GET", "/checkout/supported_countries", public=True, answers=list[str])
async def supported_countries(call: Call) -> Response:
    """Every country in test mode and without a key; in live mode those that may be sold to. A plain array."""
    is_live = call.principal is not None and call.organization.mode == "live"
    return call.json(sorted(COUNTRIES - EMBARGOED if is_live else COUNTRIES))
