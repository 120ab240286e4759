"""Calls of an API that work when pasted, for the dashboard: this server's address and a real product's id are filled in.

The token is left to the reader's secrets. What an API's calls and clients look like is in its own folder (`checkout/examples.py`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from checkstand.domain.catalog import Product


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    """One piece of code and what it is. `id` is that of its element on the page."""

    id: str
    title: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """How sessions are created by one API. `base` is this server's address.

    `product_id`: a product's id as the API spells it; `id_label` names the button that copies it. `create`: a call from a shell with
    this token. `products_path`: of the list of products. `snippets`: the same call in a shell and in the official clients.
    `add_endpoint`: a call that adds a webhook endpoint, at a test's address or a live one; None where the dashboard shows none.
    """

    api: str
    product_id: Callable[[Product], str]
    id_label: str
    create: Callable[[str, Product, str], str]
    products_path: str
    snippets: Callable[[str, Product], Sequence[Snippet]]
    add_endpoint: Callable[[str, bool], str] | None = None


def post_call(url: str, token: str, body: object) -> str:
    """Send JSON from a shell."""
    return (
        f'curl -X POST "{url}" \\\n'
        f'  -H "Authorization: Bearer {token}" \\\n'
        '  -H "Content-Type: application/json" \\\n'
        f"  -d '{json.dumps(body)}'"
    )


def list_call(url: str, token: str) -> str:
    """Read a list from a shell, with a token that may not create anything."""
    return f'curl "{url}" \\\n  -H "Authorization: Bearer {token}"'
