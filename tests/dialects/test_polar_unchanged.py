"""A request that changes nothing leaves `modified_at` as it was, on every noun."""

from __future__ import annotations

from typing import Any

from tests.dialects.polar_http import Polar

MADE: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("/v1/products/", {"name": "Mug", "prices": [{"amount_type": "fixed", "price_amount": 900}]}, {"name": "Mug"}),
    ("/v1/discounts/", {"type": "percentage", "name": "Off", "duration": "once", "basis_points": 5}, {"name": "Off"}),
    ("/v1/custom-fields/", {"type": "text", "slug": "size", "name": "Size", "properties": {}}, {"type": "text"}),
    ("/v1/customers/", {"email": "ada@example.com", "metadata": {"a": 1}}, {"metadata": {"a": 1}}),
    ("/v1/webhooks/endpoints", {"url": "https://example.com/h", "format": "raw", "events": []}, {"events": []}),
]


def unmodified_after(polar: Polar, path: str, made: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    answer = polar.client.patch(f"{path.rstrip('/')}/{made['id']}", json=change)
    assert answer.status_code == 200, answer.text
    return {"before": made["modified_at"], "after": answer.json()["modified_at"]}


def test_a_change_to_what_is_there_already_is_no_modification(polar: Polar) -> None:
    found = {}
    for path, body, change in MADE:
        answer = polar.client.post(path, json=body)
        assert answer.status_code == 201, answer.text
        for sent in ({"type": "text"} if path == "/v1/custom-fields/" else {}, change):
            found[f"{path} {sent}"] = unmodified_after(polar, path, answer.json(), sent)
    link = {"payment_processor": "stripe", "products": [polar.id("one_time")], "label": "Spring"}
    made = polar.client.post("/v1/checkout-links/", json=link).json()
    for sent in ({}, {"label": "Spring"}, {"products": link["products"]}):
        found[f"link {sent}"] = unmodified_after(polar, "/v1/checkout-links/", made, sent)
    session = polar.create().json()
    for sent in ({}, {"amount": 4242}, {"seats": None}, {"allow_discount_codes": True}):
        found[f"session {sent}"] = unmodified_after(polar, "/v1/checkouts/", session, sent)
    assert {name: moments for name, moments in found.items() if moments != {"before": None, "after": None}} == {}


def test_what_is_changed_says_when(polar: Polar) -> None:
    session = polar.create().json()
    changed = polar.client.patch(f"/v1/checkouts/{session['id']}", json={"customer_name": "Ada"}).json()
    assert changed["modified_at"] is not None
    again = polar.client.patch(f"/v1/checkouts/{session['id']}", json={"customer_name": "Ada"}).json()
    assert again["modified_at"] == changed["modified_at"]
