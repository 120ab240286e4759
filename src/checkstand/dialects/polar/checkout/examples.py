"""Polar's calls for the dashboard: creating a session from a shell and with the official clients, and adding a webhook endpoint."""

from __future__ import annotations

from checkstand.dialects.api.examples import Examples, Snippet, post_call
from checkstand.domain.catalog import Product
from checkstand.domain.profile import POLAR

VARIABLE = POLAR.keys.variable


def _create(base: str, product: Product, token: str) -> str:
    return post_call(f"{base}/v1/checkouts/", token, {"products": [str(product.id)]})


def _add_endpoint(base: str, is_test: bool) -> str:
    """The answer holds the secret that the deliveries are signed with."""
    url = "http://localhost:3000/webhook" if is_test else "https://your-server.example/webhook"
    body = {"url": url, "format": "raw", "events": ["order.paid"]}
    return post_call(f"{base}/v1/webhooks/endpoints", f"${VARIABLE}", body)


def _snippets(base: str, product: Product) -> list[Snippet]:
    return [
        Snippet(id="polar-curl", title="curl", code=_create(base, product, f"${VARIABLE}")),
        Snippet(id="polar-python", title="Python (polar-sdk)", code=_python(base, str(product.id))),
        Snippet(id="polar-typescript", title="TypeScript (@polar-sh/sdk)", code=_typescript(base, str(product.id))),
    ]


def _python(base: str, product_id: str) -> str:
    return f'''import os

from polar.v2026_04 import Polar

polar = Polar(os.environ["{VARIABLE}"], base_url="{base}")
checkout = polar.checkouts.create(products=["{product_id}"])
print(checkout.url)'''


def _typescript(base: str, product_id: str) -> str:
    return f'''import {{ createPolar }} from "@polar-sh/sdk/2026-10";

const polar = createPolar({{
  accessToken: process.env.{VARIABLE},
  baseUrl: "{base}",
}});
const checkout = await polar.checkouts.create({{
  products: ["{product_id}"],
}});
console.log(checkout.url);'''


EXAMPLES = Examples(
    api="Polar API",
    product_id=lambda product: str(product.id),
    id_label="Copy Product ID",
    create=_create,
    products_path="/v1/products/",
    snippets=_snippets,
    add_endpoint=_add_endpoint,
)
