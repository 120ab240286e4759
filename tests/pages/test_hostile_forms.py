"""Every form of the checkout page and of the dashboard with something made to hurt in each of its fields: a page comes back, soon."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from urllib.parse import urlencode

import httpx2
import pytest

from checkstand.testing.demo import DemoShop
from tests.dialects.test_hostile_requests import LONGEST_S, TEXTS, Meter
from tests.pages.visitor import Visitor, visitor
from tests.server import RunningServer, running_server

LARGEST_PAGE = 65_536
TYPED = {
    **TEXTS,
    "many digits": "9" * 55_000,
    "a long text": "x" * 60_000,
    "signs in plenty": "😀" * 4_500,
    "tags": "<b>&'" * 5_000,
    "control characters": "\x01\x7f" * 9_000,
    "blanks": " " * 60_000,
    "lines": "\r\n" * 9_000,
    "points": "1.000.000,0" * 4_000,
    "full width": "９" * 6_000,
    "an e-mail address": "a" * 20_000 + "@" + "b." * 10_000 + "com",
    "emphasis": "*_`[" * 8_000,
    "brackets": "[" * 25_000 + "](" * 5_000,
    "quotes": "> " * 20_000,
    "the first day": "0001-01-01",
    "the last day": "9999-12-31",
}
FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.DOTALL)
CONTROL = re.compile(r"<(?:input|select|textarea|button)\b([^>]*)>")
ROOMS = (
    "/products/new",
    "/products/{product}/edit",
    "/products/discounts/new",
    "/settings/tokens/new",
    "/settings/tax",
    "/settings",
)


def attribute(name: str, text: str) -> str:
    found = re.search(rf'\b{name}="([^"]*)"', text)
    return html.unescape(found[1]) if found else ""


def forms_of(page: httpx2.Response) -> Iterator[tuple[str, dict[str, str]]]:
    """The page's forms that are posted: where to, and their fields as they stand."""
    for about, inside in FORM.findall(page.text):
        if attribute("method", about).lower() != "post":
            continue
        fields = {attribute("name", control): attribute("value", control) for control in CONTROL.findall(inside)}
        fields.pop("", None)
        yield attribute("action", about) or page.url.path, fields


@pytest.fixture(scope="module")
def measured(database_url: str) -> Iterator[tuple[RunningServer, Meter]]:
    meter = Meter()
    with running_server(database_url, around=meter.around) as server:
        yield server, meter


def hurt(client: httpx2.Client, meter: Meter, action: str, fields: dict[str, str], *, every: int) -> list[str]:
    """What was wrong with the answers to a form with each field spoiled, in every so many of all ways."""
    problems: list[str] = []
    for number, name in enumerate(sorted(fields)):
        if name == "csrf":
            continue
        # Other ways for the next field, so that all of them come up on a page.
        for kind in list(TYPED)[number % every :: every]:
            body = urlencode({**fields, name: TYPED[kind]}).encode()
            headers = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
            answer = client.post(action, content=body, headers=headers)
            took_s = meter.took_s
            if took_s > LONGEST_S:
                client.post(action, content=body, headers=headers)
                took_s = min(took_s, meter.took_s)
            where = f"{action} with {kind} as {name}"
            if answer.status_code >= 500:
                problems.append(f"{where}: {answer.status_code}")
            if len(answer.content) > LARGEST_PAGE + 2 * len(body):
                problems.append(f"{where}: {len(answer.content)} bytes")
            if took_s > LONGEST_S:
                problems.append(f"{where}: {took_s:.2f} s")
    return problems


def page_is_not_hurt(measured: tuple[RunningServer, Meter], kind: str, *, every: int) -> None:
    server, meter = measured
    shop: DemoShop = server.new_shop()
    key = {"Authorization": f"Bearer {shop.polar_token}"}
    product = str(shop.products[kind].id)
    session = httpx2.post(f"{server.url}/v1/checkouts/", headers=key, json={"products": [product]}).json()
    with httpx2.Client(base_url=server.url, timeout=60) as client:
        path = f"/checkout/{session['client_secret']}"
        client.post(f"{path}/update", data={"country": "US"})
        forms = list(forms_of(client.get(path)))
        assert any("email" in fields for _, fields in forms)
        problems = []
        for action, fields in forms:
            for step in (action, f"{path}/update"):
                problems += hurt(client, meter, step, fields, every=every)
    assert problems == []


def dashboard_is_not_hurt(measured: tuple[RunningServer, Meter], *, every: int) -> None:
    server, meter = measured
    person: Visitor = visitor(server, server.new_shop())
    product = str(person.shop.products["one_time"].id)
    problems, count = [], 0
    for room in ROOMS:
        page = person.get(room.format(product=product))
        for action, fields in forms_of(page):
            if action.endswith("logout"):
                continue
            count += 1
            problems += hurt(person.client, meter, action, fields, every=every)
    assert count >= 5
    assert problems == []


def test_fields_of_the_checkout_page_cannot_hurt(measured: tuple[RunningServer, Meter]) -> None:
    page_is_not_hurt(measured, "pay_what_you_want", every=15)


def test_fields_of_the_dashboard_cannot_hurt(measured: tuple[RunningServer, Meter]) -> None:
    dashboard_is_not_hurt(measured, every=15)


@pytest.mark.prove
@pytest.mark.parametrize("kind", ["one_time", "pay_what_you_want", "monthly", "trial", "free"])
def test_no_field_of_the_checkout_page_can_hurt_in_any_way(measured: tuple[RunningServer, Meter], kind: str) -> None:
    page_is_not_hurt(measured, kind, every=1)


@pytest.mark.prove
def test_no_field_of_the_dashboard_can_hurt_in_any_way(measured: tuple[RunningServer, Meter]) -> None:
    dashboard_is_not_hurt(measured, every=1)
