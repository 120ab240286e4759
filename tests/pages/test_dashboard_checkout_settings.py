"""Checkout settings at the dashboard: where payment links may lead, and whether buyers may start again."""

from __future__ import annotations

from tests.pages.test_dashboard_tax import settings_of
from tests.pages.visitor import visitor
from tests.server import RunningServer

PATH = "/settings/checkout"


def test_hosts_are_kept_as_they_are_meant_and_a_wrong_one_is_named(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    assert "Payment links redirect to our page only" in person.get("/settings").text
    typed = {"redirect_hosts": "https://Shop.Example/thanks\r\n*.shop.example\r\nmyapp://done", "allows_renewal": "on"}
    assert person.post(PATH, typed).status_code == 303
    kept = settings_of(server, person)
    assert (kept.redirect_hosts, kept.allows_renewal) == (("shop.example", "*.shop.example", "myapp://done"), True)
    refused = person.post(PATH, {"redirect_hosts": "shop.example bad^host"})
    assert refused.status_code == 422
    assert "“bad^host” is not a host." in refused.text
    assert person.post(PATH, {"redirect_hosts": "shop.example"}).status_code == 303
    after = settings_of(server, person)
    assert (after.redirect_hosts, after.allows_renewal) == (("shop.example",), False)
    assert "Payment links can redirect to 1 host" in person.get("/settings").text
