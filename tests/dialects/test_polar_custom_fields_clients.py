"""Custom fields through the official Polar clients, unmodified: the current one and the last generated one."""

from __future__ import annotations

import pytest
from polar.v2026_04 import Polar as Polar_2026_04
from polar.v2027_01 import Polar as Polar_2027_01

from checkstand.testing.demo import DemoShop
from tests.clients.runner import polar_0, result
from tests.dialects.test_polar_custom_fields import OPTIONS, PROPERTIES
from tests.server import RunningServer

# Loading a client takes seconds: one worker does it for all.
pytestmark = pytest.mark.xdist_group("clients")


@pytest.mark.parametrize("client", [Polar_2026_04, Polar_2027_01], ids=["2026-04", "2027-01"])
def test_the_official_client_manages_fields_of_every_kind(client: type, server: RunningServer, shop: DemoShop) -> None:
    sdk = client(shop.polar_token, base_url=server.url)
    for kind, properties in PROPERTIES.items():
        field = sdk.custom_fields.create(type=kind, slug=kind, name=f"A {kind}", properties=properties)
        assert (field.type, field.slug) == (kind, kind)
        assert sdk.custom_fields.get(field.id) == field
        changed = sdk.custom_fields.update(field.id, type=kind, name="Other")
        assert (changed.name, changed.properties) == ("Other", field.properties)
    assert [item.slug for item in sdk.custom_fields.list().items] == sorted(PROPERTIES)
    assert [item.slug for item in sdk.custom_fields.list(type=["select"]).items] == ["select"]
    sdk.custom_fields.delete(field.id)
    assert len(sdk.custom_fields.list().items) == 4


def test_the_generated_client_reads_what_it_made(server: RunningServer, shop: DemoShop) -> None:
    place = {"baseUrl": server.url, "token": shop.polar_token}
    request = {"type": "select", "slug": "size", "name": "Size", "properties": {"options": OPTIONS}}
    made_by = result(polar_0("0.32", {**place, "call": "custom_fields.create", "kwargs": {"request": request}}))
    assert made_by["properties"]["options"] == OPTIONS
    read = result(polar_0("0.32", {**place, "call": "custom_fields.get", "kwargs": {"id": made_by["id"]}}))
    assert read == made_by
    assert result(polar_0("0.32", {**place, "call": "custom_fields.list"}))["items"] == [made_by]
