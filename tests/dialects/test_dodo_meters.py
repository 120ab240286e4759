"""Meters: made, read, listed, archived and taken back."""

from __future__ import annotations

from typing import Any

import pytest
from dodopayments import DodoPayments, NotFoundError

from tests.dialects.dodo_place import DodoShop
from tests.dialects.test_dodo_contract import conform
from tests.tables import table

REQUESTS: dict[str, Any] = {
    "name": "API calls",
    "event_name": "api.call",
    "measurement_unit": "calls",
    "aggregation": {"type": "count"},
}
CONDITION = {"key": "region", "operator": "equals", "value": "eu"}


def nested(levels: int) -> dict[str, Any]:
    """A filter with this many filters within each other."""
    inner = CONDITION if levels == 1 else nested(levels - 1)
    return {"conjunction": "and" if levels % 2 else "or", "clauses": [inner]}


def made(dodo: DodoShop, **fields: object) -> dict[str, Any]:
    answer = dodo.http.post("/meters", json={**REQUESTS, **fields})
    assert answer.status_code == 201, answer.text
    conform("MeterResponse", answer.json())
    found: dict[str, Any] = answer.json()
    return found


def test_a_meter_lives_and_is_archived_by_the_official_client(dodo: DodoShop) -> None:
    with DodoPayments(bearer_token=dodo.demo.dodo_key, base_url=dodo.server.url) as client:
        meter = client.meters.create(
            name="Traffic",
            event_name="transfer",
            measurement_unit="GB",
            aggregation={"type": "sum", "key": "bytes"},
            description="What was sent",
            filter={"conjunction": "and", "clauses": [{"key": "cached", "operator": "equals", "value": False}]},
        )
        assert meter.id.startswith("mtr_")
        assert (meter.aggregation.type, meter.aggregation.key) == ("sum", "bytes")
        assert client.meters.retrieve(meter.id) == meter
        assert [item.id for item in client.meters.list().items] == [meter.id]
        client.meters.archive(meter.id)
        assert client.meters.list().items == []
        assert [item.id for item in client.meters.list(archived=True).items] == [meter.id]
        assert client.meters.retrieve(meter.id).name == "Traffic", "an archived meter stays readable"
        client.meters.unarchive(meter.id)
        assert [item.id for item in client.meters.list().items] == [meter.id]
        renamed = client.meters.update(meter.id, name="Transfer", description=None)
        assert (renamed.name, renamed.measurement_unit, renamed.description) == ("Transfer", "GB", None)
        with pytest.raises(NotFoundError):
            client.meters.retrieve("mtr_000000000000000000010")


def test_archiving_twice_is_the_same_as_once(dodo: DodoShop) -> None:
    path = f"/meters/{made(dodo)['id']}"
    assert [dodo.http.delete(path).status_code for _ in range(2)] == [204, 204]
    first = dodo.http.get(path).json()
    assert dodo.http.delete(path).content == b""
    assert dodo.http.get(path).json() == first, "doing nothing is no change"
    assert [dodo.http.post(f"{path}/unarchive").status_code for _ in range(2)] == [200, 200]


@pytest.mark.parametrize("kind", ["count", "sum", "max", "last"])
def test_every_aggregation_is_kept(dodo: DodoShop, kind: str) -> None:
    aggregation = {"type": kind, "key": None if kind == "count" else "value"}
    meter = made(dodo, aggregation=aggregation)
    assert dodo.http.get(f"/meters/{meter['id']}").json()["aggregation"] == aggregation


@table("value", ["eu", "", 5, -2.5, True, False, 2**53 + 1])
def test_the_value_of_a_condition_comes_back_as_it_was_sent(dodo: DodoShop, value: object) -> None:
    wanted = {"conjunction": "or", "clauses": [{**CONDITION, "value": value}, CONDITION]}
    meter = made(dodo, filter=wanted)
    stored = dodo.http.get(f"/meters/{meter['id']}").json()["filter"]
    assert stored == wanted
    assert type(stored["clauses"][0]["value"]) is type(value)


def test_filters_nest_three_levels_deep(dodo: DodoShop) -> None:
    meter = made(dodo, filter=nested(4))
    assert dodo.http.get(f"/meters/{meter['id']}").json()["filter"] == nested(4)
    refused = dodo.http.post("/meters", json={**REQUESTS, "filter": nested(5)})
    assert (refused.status_code, refused.json()["code"]) == (422, "INVALID_REQUEST_BODY")
    assert "three levels" in refused.json()["message"]


@table(
    ("fields", "said"),
    [
        ({"name": ""}, "name"),
        ({"event_name": None}, "event_name"),
        ({"measurement_unit": "x" * 300}, "measurement_unit"),
        ({"aggregation": {"type": "sum"}}, "aggregation: A key is required"),
        ({"aggregation": {"type": "average", "key": "x"}}, "aggregation.type"),
        ({"filter": {"conjunction": "and", "clauses": []}}, "filter.clauses"),
        ({"filter": {"conjunction": "and", "clauses": [CONDITION] * 11}}, "filter.clauses"),
        ({"filter": {"conjunction": "xor", "clauses": [CONDITION]}}, "filter.conjunction"),
        ({"filter": {"conjunction": "and", "clauses": [CONDITION, nested(1)]}}, "filter.clauses"),
        (
            {"filter": {"conjunction": "and", "clauses": [{**CONDITION, "operator": "like"}]}},
            "filter.clauses[0].operator",
        ),
        ({"filter": {"conjunction": "and", "clauses": [{**CONDITION, "value": None}]}}, "filter.clauses[0].value"),
        ({"filter": {"conjunction": "and", "clauses": [{**CONDITION, "key": ""}]}}, "filter.clauses[0].key"),
        ({"filter": {"conjunction": "and", "clauses": ["x"]}}, "filter.clauses[0]"),
    ],
)
def test_what_cannot_be_counted_is_refused_where_it_is_wrong(
    dodo: DodoShop, fields: dict[str, object], said: str
) -> None:
    refused = dodo.http.post("/meters", json={**REQUESTS, **fields})
    assert (refused.status_code, refused.json()["code"]) == (422, "INVALID_REQUEST_BODY")
    assert refused.json()["message"].startswith(said), refused.json()["message"]


def test_the_list_is_paged_newest_first(dodo: DodoShop) -> None:
    ids = [made(dodo, name=f"Meter {number}")["id"] for number in range(3)]
    pages = [dodo.http.get("/meters", params={"page_size": 2, "page_number": number}).json() for number in range(3)]
    conform("ListMetersResponse", *pages)
    assert [[item["id"] for item in page["items"]] for page in pages] == [[ids[2], ids[1]], [ids[0]], []]


def test_a_meter_of_another_business_does_not_exist(dodo: DodoShop) -> None:
    path = f"/meters/{made(dodo)['id']}"
    other = DodoShop(dodo.server, dodo.server.new_shop())
    answers = [
        other.http.get(path),
        other.http.patch(path, json={"name": "Theirs"}),
        other.http.delete(path),
        other.http.post(f"{path}/unarchive"),
    ]
    assert [answer.status_code for answer in answers] == [404] * 4
    assert other.http.get("/meters").json() == {"items": []}
    assert dodo.http.get(path).json()["name"] == "API calls"


def test_a_key_needs_permission(dodo: DodoShop) -> None:
    reading = {"Authorization": f"Bearer {dodo.key('meters:read')}"}
    assert dodo.http.get("/meters", headers=reading).status_code == 200
    assert dodo.http.post("/meters", json=REQUESTS, headers=reading).status_code == 403
