"""`checkstand buy`: a purchase from the terminal, through the page itself (`testing/browser.py`)."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import asdict

import click

from checkstand.cli.terminal import Failure, mark, note

_UNREACHABLE = 2


@click.command("buy")
@click.argument("url")
@click.option("--card", default="4242424242424242", show_default=True, help="Test card; the page lists what each does.")
@click.option("--method", metavar="NAME", help="How to pay, such as ideal, klarna or sepa.  [default: card]")
@click.option("--email", help="The buyer's address.  [default: the session's, else buyer@example.com]")
@click.option("--country", metavar="CODE", help="Two letters.  [default: the session's, else US]")
@click.option("--discount", metavar="CODE", help="A discount code to apply first.")
@click.option("--product", metavar="ID", help="Which product to choose, where the page offers several.")
@click.option(
    "--timeout", type=click.FloatRange(1, 3600), default=60, show_default=True, help="Seconds to wait for a result."
)
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as one line of JSON.")
def command(
    url: str,
    card: str,
    method: str | None,
    email: str | None,
    country: str | None,
    discount: str | None,
    product: str | None,
    timeout: float,
    as_json: bool,
) -> None:
    """Complete the checkout at URL as a browser without JavaScript would.

    URL is the "url" of a created checkout. Fields that are still empty are filled with test data, and the bank's
    question is answered with yes. Exits with 0 only when the purchase succeeded, with 1 when it did not, and with 2 when
    the page cannot be reached.
    """
    import asyncio

    from checkstand.testing.browser import NotACheckout, buy
    from checkstand.testing.browser_fill import Wishes

    digits = re.sub(r"[ -]", "", card)
    if not re.fullmatch(r"\d{12,19}", digits):
        raise click.BadParameter("A card number has 12 to 19 digits.", param_hint="--card")
    wishes = Wishes(
        card=digits,
        method=method,
        email=email,
        country=country,
        discount=discount,
        product=_plain_id(product),
    )
    try:
        outcome = asyncio.run(buy(url, wishes, within_s=timeout))
    except NotACheckout as error:
        raise Failure(str(error), code=_UNREACHABLE) from error
    succeeded = outcome.status == "succeeded"
    if as_json:
        print(json.dumps(asdict(outcome)))
    else:
        print(f"{mark(succeeded, on=sys.stdout)} {outcome.status.capitalize()}: {outcome.message}")
        if outcome.redirect:
            note(f"The buyer goes on to {outcome.redirect}")
    click.get_current_context().exit(0 if succeeded else 1)


def _plain_id(product: str | None) -> str | None:
    """The id as the page has it: Dodo's spelling (`pdt_...`) names the same product."""
    from checkstand.domain.ids import DodoPrefix, parse_short_id

    if product is None or not product.startswith(f"{DodoPrefix.PRODUCT}_"):
        return product
    found = parse_short_id(DodoPrefix.PRODUCT, product)
    if found is None:
        raise click.BadParameter(f"'{product}' is no product's id.", param_hint="--product")
    return str(found)
