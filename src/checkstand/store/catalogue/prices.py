"""Prices: written once and archived, never changed otherwise; read with their product."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from checkstand.domain.catalog import Custom, Fixed, Price, Terms
from checkstand.store.codec import encode
from checkstand.store.executor import Executor
from checkstand.store.field_mapping import FieldMapping, by_type
from checkstand.store.rows import Table


def _written(terms: Terms) -> tuple[object, ...]:
    if isinstance(terms, Fixed):
        return terms.kind, terms.amount_minor, None, None, None, None
    if isinstance(terms, Custom):
        return terms.kind, None, terms.minimum_minor, terms.maximum_minor, terms.preset_minor, None
    return terms.kind, None, None, None, None, encode(terms)


_TERMS = FieldMapping(
    columns=("kind", "amount_minor", "minimum_minor", "maximum_minor", "preset_minor", "terms"),
    writes=_written,
    names=("terms",),
    reads=by_type("terms", Terms).reads,
    selected="""
        CASE prices.kind
            WHEN 'fixed' THEN json_build_object('kind', prices.kind, 'amount_minor', prices.amount_minor)
            WHEN 'custom' THEN json_build_object(
                'kind', prices.kind, 'minimum_minor', prices.minimum_minor, 'maximum_minor', prices.maximum_minor,
                'preset_minor', prices.preset_minor
            )
            ELSE prices.terms
        END
    """,
)
# What is sold at a price that is nowhere stored (`source`) is told by its session.
PRICES = Table("prices", Price, kept={"terms": _TERMS}, unkept=("source",), owned=("organization_id", "position"))
# A column's expression: the prices of a row of `products`, in their order.
OF_PRODUCT = f"""
    (
        SELECT {PRICES.documents("prices", order="prices.position")}
        FROM prices
        WHERE prices.organization_id = products.organization_id
          AND prices.product_id = products.id
    )
"""


async def add(db: Executor, organization_id: UUID, prices: Sequence[Price], *, first_position: int) -> None:
    """Store new prices of a product behind those that it has."""
    if prices:
        rows = [
            [organization_id, position, *PRICES.arguments(price)]
            for position, price in enumerate(prices, first_position)
        ]
        await db.executemany(PRICES.insertion, rows)
