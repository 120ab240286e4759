"""What `checkstand dev` says when it is ready: a greeting for a person, or one line of JSON for a script.

The JSON line's shape is fixed (docs/cli.md): other people's scripts read it.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import sys
import time
from pathlib import Path

from checkstand.cli.terminal import own_name, paint
from checkstand.domain.catalog import Custom, Fixed, Product, takes
from checkstand.domain.discount import Percentage
from checkstand.domain.ids import DodoPrefix, short_id
from checkstand.testing.demo import DemoShop

_LOADED = time.monotonic()


def say(shop: DemoShop, url: str, *, kept_in: Path | None, as_json: bool) -> None:
    """Print the greeting to standard output. `kept_in`: the data folder; None when nothing is kept."""
    text = json.dumps(facts(shop, url), separators=(", ", ": ")) if as_json else _greeting(shop, url, kept_in)
    with contextlib.suppress(BrokenPipeError):  # nobody listens: the server runs all the same
        print(text, flush=True)


def facts(shop: DemoShop, url: str) -> dict[str, object]:
    """Everything a script needs to use the shop."""
    organization = shop.organization
    takes = shop.discount.takes
    assert isinstance(takes, Percentage)
    return {
        "url": url,
        "dashboard": {"url": f"{url}/dashboard", "email": shop.email, "password": shop.password},
        "organization": {"id": str(organization.id), "slug": organization.slug, "name": organization.name},
        "polar": {"access_token": shop.polar_token},
        "dodo": {"api_key": shop.dodo_key},
        "webhook_secret": shop.webhook_secret,
        "products": {label: _product(product) for label, product in shop.products.items()},
        "addon": _addon(shop.addon),
        "discount": {"code": shop.discount.code, "basis_points": takes.basis_points},
    }


def _addon(addon: Product) -> dict[str, object]:
    price = addon.prices[0]
    return {
        "dodo_id": short_id(DodoPrefix.ADDON, addon.id),
        "amount": takes(price.terms),
        "currency": price.currency.lower(),
    }


def _product(product: Product) -> dict[str, object]:
    price = product.prices[0]
    terms = price.terms
    assert isinstance(terms, Fixed | Custom)
    return {
        "polar_id": str(product.id),
        "dodo_id": short_id(DodoPrefix.PRODUCT, product.id),
        "name": product.name,
        "amount": terms.amount_minor if isinstance(terms, Fixed) else terms.preset_minor or terms.minimum_minor,
        "currency": price.currency.lower(),
    }


def _greeting(shop: DemoShop, url: str, kept_in: Path | None) -> str:
    def head(text: str) -> str:
        return paint(text, on=sys.stdout, strong=True)

    def link(text: str) -> str:
        return paint(text, on=sys.stdout, colour="cyan")

    guide = shop.products["one_time"]
    body = json.dumps({"products": [str(guide.id)]})
    curl = (
        f"curl -s {url}/v1/checkouts/ -H 'Authorization: Bearer {shop.polar_token}' "
        f"-H 'Content-Type: application/json' -d {shlex.quote(body)}"
    )
    kept = f"Data: {kept_in}" if kept_in else "Nothing is kept: the data goes when this stops."
    return f"""
{head("Checkstand is ready")} at {link(url)} after {_age_s():.1f} s. Everything here is a test: no money moves.

{head("Open")}
  Dashboard   {link(f"{url}/dashboard")}   {shop.email}   {shop.password}
  API docs    {link(f"{url}/docs")}

{head("Keys")}
  Polar SDK   access token  {shop.polar_token}
              base URL      {url}   (serverURL or server_url in 0.x)
  Dodo SDK    bearer token  {shop.dodo_key}
              base URL      {url}

{head("Make a checkout")} (it answers with a "url" to open in a browser)
  {curl}

{head("Pay it")} with card 4242 4242 4242 4242, any future date, any code; or from a terminal:
  {own_name()} buy URL

{kept}
Ctrl-C stops it.
"""


def _age_s() -> float:
    """How long this process lives."""
    try:
        ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
        return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, AttributeError, ValueError, IndexError):  # not Linux: since this module was loaded
        return time.monotonic() - _LOADED
