"""`GET /v1/orders/export`: the orders as a file for a spreadsheet."""

from __future__ import annotations

import csv
import io

import pytest

from checkstand.dialects import dodo, polar
from checkstand.testing.demo import DemoShop
from tests.dialects.polar_http import READY, Polar
from tests.server import RunningServer


@pytest.fixture
def polar_shop(server: RunningServer, shop: DemoShop) -> Polar:
    return Polar(server, shop)


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def test_orders_are_exported_newest_first_with_amounts_in_units(polar_shop: Polar) -> None:
    first = {**READY, "customer_name": "=Ada", "customer_billing_name": 'Byron "B"'}
    assert polar_shop.confirm(polar_shop.secret(), **first).status_code == 200
    assert polar_shop.confirm(polar_shop.secret("pay_what_you_want", amount=1550), **READY).status_code == 200
    answer = polar_shop.client.get("/v1/orders/export")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="polar-orders.csv"'
    assert answer.text.endswith("\r\n")
    header, *lines = rows(answer.text)
    assert header == ["Email", "Created At", "Product", "Net Amount", "Currency", "Status", "Invoice Number"]
    assert [(line[0], *line[2:6]) for line in lines] == [
        ("ada@example.com", "Tip Jar", "15.5", "usd", "paid"),
        ("ada@example.com", "Field Guide", "10.0", "usd", "paid"),
    ]
    assert lines[0][1].endswith("+00:00")


def test_an_export_has_the_columns_dates_and_zone_that_are_asked_for(polar_shop: Polar) -> None:
    polar_shop.confirm(polar_shop.secret(), **READY, customer_name="=cmd")
    asked = "columns=total_amount&columns=customer_name&columns=created_at&timezone=Asia/Kolkata"
    dates = "created_after=2020-01-01T00:00:00Z&created_before=2090-06-01T00:00:00Z"
    answer = polar_shop.client.get(f"/v1/orders/export?{asked}&{dates}")
    assert 'filename="polar-orders-2020-01-01-2090-06-01.csv"' in answer.headers["content-disposition"]
    header, line = rows(answer.text)
    assert header == ["Total Amount", "Customer Name", "Created At"]
    assert line[:2] == ["10.0", "'=cmd"], "what a spreadsheet would run is a text"
    assert line[2].endswith("+05:30")
    assert rows(polar_shop.client.get("/v1/orders/export?status=void").text)[1:] == []
    assert polar_shop.client.get("/v1/orders/export?columns=nope").status_code == 422
    refused = polar_shop.client.get("/v1/orders/export?timezone=Mars/X").json()
    assert refused["detail"][0]["msg"] == "Value error, 'Mars/X' is not a valid IANA time zone"


def test_no_fixed_path_of_either_api_is_taken_for_an_id() -> None:
    """A route with a parameter comes after every route whose fixed text it would swallow."""
    for api in (polar, dodo):
        seen: list[tuple[str, list[str]]] = []
        for route in api.routes.all:
            path, methods = getattr(route, "path", ""), getattr(route, "methods", None) or ()
            parts = path.split("/")
            for method in methods:
                for earlier_method, earlier in seen:
                    if earlier_method != method or len(earlier) != len(parts) or earlier == parts:
                        continue
                    pairs = zip(earlier, parts, strict=True)
                    swallows = all(a == b or (a.startswith("{") and not b.startswith("{")) for a, b in pairs)
                    assert not swallows, f"{method} {path} is never reached: {'/'.join(earlier)} comes first"
                seen.append((method, parts))
