"""Dodo's calls for the dashboard: creating a session from a shell and with the official clients."""

from __future__ import annotations

from checkstand.dialects.api.examples import Examples, Snippet, post_call
from checkstand.dialects.dodo.wire.words import shown
from checkstand.domain.catalog import Product
from checkstand.domain.ids import DodoPrefix
from checkstand.domain.profile import DODO

VARIABLE = DODO.keys.variable


def _product_id(product: Product) -> str:
    return shown(DodoPrefix.PRODUCT, product.id)


def _create(base: str, product: Product, token: str) -> str:
    body = {"product_cart": [{"product_id": _product_id(product), "quantity": 1}]}
    return post_call(f"{base}/checkouts", token, body)


def _snippets(base: str, product: Product) -> list[Snippet]:
    product_id = _product_id(product)
    return [
        Snippet(id="dodo-curl", title="curl", code=_create(base, product, f"${VARIABLE}")),
        Snippet(id="dodo-python", title="Python (dodopayments)", code=_python(base, product_id)),
        Snippet(id="dodo-typescript", title="TypeScript (dodopayments)", code=_typescript(base, product_id)),
    ]


def _python(base: str, product_id: str) -> str:
    return f'''import os

from dodopayments import DodoPayments

dodo = DodoPayments(bearer_token=os.environ["{VARIABLE}"], base_url="{base}")
session = dodo.checkout_sessions.create(
    product_cart=[{{"product_id": "{product_id}", "quantity": 1}}],
)
print(session.checkout_url)'''


def _typescript(base: str, product_id: str) -> str:
    return f'''import DodoPayments from "dodopayments";

const dodo = new DodoPayments({{
  bearerToken: process.env.{VARIABLE},
  baseURL: "{base}",
}});
const session = await dodo.checkoutSessions.create({{
  product_cart: [{{ product_id: "{product_id}", quantity: 1 }}],
}});
console.log(session.checkout_url);'''


EXAMPLES = Examples(
    api="Dodo Payments API",
    product_id=_product_id,
    id_label="Copy Dodo product ID",
    create=_create,
    products_path="/products",
    snippets=_snippets,
)
