"""Texts of merchants on pages: read as Markdown while that is quick, shown as they were typed where it would take too long."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx2
import pytest

from checkstand.testing.demo import DemoShop
from checkstand.web.checkout.words.markdown import marked, plain
from checkstand.web.prose import LONGEST, LONGEST_LINE, MOST_MARKS, prose, prose_line
from tests.dialects.polar_http import Polar
from tests.server import RunningServer

LARGEST = 64_000
WORST = (
    "![",
    "[",
    "*_",
    "***a",
    "# a\n",
    "- a\n",
    "1. a\n",
    "> ",
    "a\n",
    "`a",
    "<![CDATA[",
    "[a](",
    "[a]: b\n",
    "**a ",
    "):",
)
MOST_MS = 120.0
"""Four times what the worst was measured to take."""


def spent_ms(work: Callable[[str], object], text: str) -> float:
    """Processor time of a first reading, the better of two where one takes long."""

    def once(given: str) -> float:
        began = time.process_time()
        work(given)
        return (time.process_time() - began) * 1_000

    first = once(text)
    return first if first < MOST_MS / 4 else min(first, once(text + " "))


@pytest.mark.parametrize("shape", WORST)
def test_no_text_that_the_apis_take_keeps_a_page_waiting(shape: str) -> None:
    """As long as it may be; just within what is read as Markdown; and with few marks before much that has none."""
    for most in (LARGEST, LONGEST_LINE, MOST_MARKS, MOST_MARKS // 2):
        many = (shape * (most // len(shape) + 1))[:most]
        for text in (many, (many[: MOST_MARKS // 2] + "x" * LONGEST)[:LONGEST]):
            spent = [spent_ms(work, text) for work in (prose, prose_line, marked, plain)]
            assert max(spent) < MOST_MS, (most, spent)


def test_a_text_with_more_marks_than_anybody_writes_is_shown_as_it_was_typed() -> None:
    text = "First <b>line</b>\nsecond\r\n\n\n\nthird " + "![" * 30_000
    shown = str(prose(text))
    assert shown.startswith("<p>First &lt;b&gt;line&lt;/b&gt;<br>second<br><br>third ![![")
    assert str(prose_line(text)).startswith("First &lt;b&gt;line&lt;/b&gt; second third ![![")


def test_a_long_description_that_somebody_wrote_is_still_read_as_markdown() -> None:
    section = (
        "## What you get\n\nA **long** text about *everything* in it, with a [link](https://example.com/docs) and a price: $5.\n\n"
        + "".join(f"- item {number}: it does what one expects of it, day after day\n" for number in range(12))
    )
    shown = str(prose(section * 8))
    assert shown.count("<strong>What you get</strong>") == 8
    assert shown.count("<li>") == 96
    assert shown.count('href="https://example.com/docs"') == 8
    assert "<strong>long</strong>" in str(prose_line(section))


def test_a_description_of_nothing_but_marks_is_taken_and_its_pages_come_at_once(
    server: RunningServer, shop: DemoShop
) -> None:
    polar = Polar(server, shop)
    price = {"amount_type": "fixed", "price_amount": 1000, "price_currency": "usd"}
    named = [
        str(polar.product(description=shape * (LARGEST // len(shape)), prices=[price])["id"]) for shape in ("![", "[")
    ]
    for products in (named[:1], named):
        made = polar.client.post("/v1/checkouts/", json={"products": products}).json()
        url = f"{server.url}/checkout/{made['client_secret']}"
        began = time.process_time()
        page = httpx2.get(url, timeout=30)
        assert page.status_code == 200
        assert time.process_time() - began < 1.0
        assert "[[[[" in page.text or "![![" in page.text
