"""Calls that work when pasted, as each API has them (`DialectParts.examples`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from checkstand.dialects.api import DialectParts
from checkstand.dialects.api.examples import Examples, Snippet
from checkstand.domain.catalog import Product
from checkstand.domain.profile import DEFAULT_API, Dialect
from checkstand.web.dashboard.frame import DashboardVisit


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiExamples:
    """One API's calls for one product."""

    title: str
    variable: str
    product_id: str
    id_label: str
    snippets: tuple[Snippet, ...]


def examples(visit: DashboardVisit) -> Mapping[Dialect, tuple[DialectParts, Examples]]:
    """Each API that has examples, by its name, with its parts."""
    dialects: tuple[DialectParts, ...] = visit.request.app.dialects
    return {parts.profile.name: (parts, parts.examples) for parts in dialects if parts.examples is not None}


def for_product(visit: DashboardVisit, product: Product) -> list[ApiExamples]:
    """The calls that create a session for a product, API by API."""
    base = visit.ports.public_url()
    return [
        ApiExamples(
            title=each.api,
            variable=parts.profile.keys.variable,
            product_id=each.product_id(product),
            id_label=each.id_label,
            snippets=tuple(each.snippets(base, product)),
        )
        for parts, each in examples(visit).values()
    ]


def endpoint_call(visit: DashboardVisit) -> str:
    """A call that adds a webhook endpoint; empty where the dashboard's own API has none to show."""
    _, each = examples(visit)[DEFAULT_API.name]
    return each.add_endpoint(visit.ports.public_url(), visit.organization.mode == "test") if each.add_endpoint else ""
