"""Calls that work when pasted: this server's address and a real product's id filled in, the token left to the reader's secrets.

The clients are the official ones of both APIs, pointed at this server; nothing else in a program that uses them changes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from checkstand.domain import ids
from checkstand.domain.catalog import Product
from checkstand.domain.profile import DODO, POLAR, Dialect

POLAR_VARIABLE = POLAR.keys.variable
DODO_VARIABLE = DODO.keys.variable


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    """One piece of code and what it is."""

    id: str
    title: str
    api: str
    code: str

    @property
    def label(self) -> str:
        """What tells it from the other API's."""
        return f"{self.api}: {self.title}"


def polar_curl(base: str, product: Product, token: str) -> str:
    """Create a session by Polar's API from a shell."""
    body = json.dumps({"products": [str(product.id)]})
    return _curl(f"{base}/v1/checkouts/", token, body)


def dodo_curl(base: str, product: Product, token: str) -> str:
    """Create a session by Dodo's API from a shell."""
    body = json.dumps({"product_cart": [{"product_id": ids.short_id("pdt", product.id), "quantity": 1}]})
    return _curl(f"{base}/checkouts", token, body)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShellCalls:
    """What can be pasted into a shell for one API: creating a session, and the path of the list of products."""

    create: Callable[[str, Product, str], str]
    products_path: str


CALLS: Mapping[Dialect, ShellCalls] = {
    POLAR.name: ShellCalls(create=polar_curl, products_path="/v1/products/"),
    DODO.name: ShellCalls(create=dodo_curl, products_path="/products"),
}


def list_curl(url: str, token: str) -> str:
    """Read a list, with a token that may not create anything."""
    return f'curl "{url}" \\\n  -H "Authorization: Bearer {token}"'


def endpoint_curl(base: str, *, is_test: bool) -> str:
    """Add a webhook endpoint by Polar's API; the answer holds the secret that the deliveries are signed with."""
    url = "http://localhost:3000/webhook" if is_test else "https://your-server.example/webhook"
    body = json.dumps({"url": url, "format": "raw", "events": ["order.paid"]})
    return _curl(f"{base}/v1/webhooks/endpoints", f"${POLAR_VARIABLE}", body)


def _curl(url: str, token: str, body: str) -> str:
    return (
        f'curl -X POST "{url}" \\\n'
        f'  -H "Authorization: Bearer {token}" \\\n'
        '  -H "Content-Type: application/json" \\\n'
        f"  -d '{body}'"
    )


def snippets(base: str, product: Product) -> list[Snippet]:
    """The same call in five spellings."""
    polar_id, dodo_id = str(product.id), ids.short_id("pdt", product.id)
    return [
        Snippet(
            id="polar-curl",
            title="curl",
            api="Polar API",
            code=polar_curl(base, product, f"${POLAR_VARIABLE}"),
        ),
        Snippet(id="polar-python", title="Python (polar-sdk)", api="Polar API", code=_polar_python(base, polar_id)),
        Snippet(
            id="polar-typescript",
            title="TypeScript (@polar-sh/sdk)",
            api="Polar API",
            code=_polar_typescript(base, polar_id),
        ),
        Snippet(
            id="dodo-curl",
            title="curl",
            api="Dodo Payments API",
            code=dodo_curl(base, product, f"${DODO_VARIABLE}"),
        ),
        Snippet(
            id="dodo-python",
            title="Python (dodopayments)",
            api="Dodo Payments API",
            code=_dodo_python(base, dodo_id),
        ),
        Snippet(
            id="dodo-typescript",
            title="TypeScript (dodopayments)",
            api="Dodo Payments API",
            code=_dodo_typescript(base, dodo_id),
        ),
    ]


def _polar_python(base: str, product_id: str) -> str:
    return f'''import os

from polar.v2026_04 import Polar

polar = Polar(os.environ["{POLAR_VARIABLE}"], base_url="{base}")
checkout = polar.checkouts.create(products=["{product_id}"])
print(checkout.url)'''


def _polar_typescript(base: str, product_id: str) -> str:
    return f'''import {{ createPolar }} from "@polar-sh/sdk/2026-10";

const polar = createPolar({{
  accessToken: process.env.{POLAR_VARIABLE},
  baseUrl: "{base}",
}});
const checkout = await polar.checkouts.create({{
  products: ["{product_id}"],
}});
console.log(checkout.url);'''


def _dodo_python(base: str, product_id: str) -> str:
    return f'''import os

from dodopayments import DodoPayments

dodo = DodoPayments(bearer_token=os.environ["{DODO_VARIABLE}"], base_url="{base}")
session = dodo.checkout_sessions.create(
    product_cart=[{{"product_id": "{product_id}", "quantity": 1}}],
)
print(session.checkout_url)'''


def _dodo_typescript(base: str, product_id: str) -> str:
    return f'''import DodoPayments from "dodopayments";

const dodo = new DodoPayments({{
  bearerToken: process.env.{DODO_VARIABLE},
  baseURL: "{base}",
}});
const session = await dodo.checkoutSessions.create({{
  product_cart: [{{ product_id: "{product_id}", quantity: 1 }}],
}});
console.log(session.checkout_url);'''
