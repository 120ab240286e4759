"""The OpenAPI documents are valid, whole and true: every route is in them, and every query parameter they name is really read."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import httpx2
import jsonschema_rs
import pytest
import schemathesis
from jsonschema import Draft202012Validator

from checkstand.dialects import dodo, polar
from checkstand.dialects.dodo.webhooks import events as dodo_events
from checkstand.dialects.polar.webhooks import events as polar_events
from checkstand.openapi import Described, document
from checkstand.testing.demo import DemoShop
from tests.answers import event_differences, named_refusals
from tests.dialects.fuzz_places import dodo_place, polar_place
from tests.dialects.fuzzing import existing
from tests.server import RunningServer

APIS = {"polar": polar.api, "dodo": dodo.api}
PLACES = {"polar": polar_place, "dodo": dodo_place}
NAMES = ("openapi.json", "openapi/polar.json", "openapi/dodo.json")
# Served without being told of, as by the originals: the page's own, the address that a buyer opens, and what monitors ask.
UNTOLD = {
    ("POST", "/v1/checkouts/client/{client_secret}/opened"),
    ("GET", "/v1/checkout-links/{client_secret}/redirect"),
    ("GET", "/healthz"),
    ("HEAD", "/healthz"),
}
Operations = list[tuple[str, str, dict[str, Any]]]


def fetched(server: RunningServer, name: str) -> dict[str, Any]:
    # Who asks first waits until it is made, which takes a busy machine seconds.
    answer = httpx2.get(f"{server.url}/{name}", timeout=30)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    return dict(answer.json())


def operations(found: dict[str, Any]) -> Operations:
    return [(method, path, one) for path, methods in found["paths"].items() for method, one in methods.items()]


def references(part: object) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [found for value in part.values() for found in references(value)]
    return [found for item in part for found in references(item)] if isinstance(part, list) else []


@pytest.mark.parametrize("name", NAMES)
def test_the_document_is_valid_openapi_3_1_and_its_references_resolve(server: RunningServer, name: str) -> None:
    found = fetched(server, name)
    assert found["openapi"].startswith("3.1.")
    schemathesis.openapi.from_dict(found).validate()
    for schema in found["components"]["schemas"].values():
        jsonschema_rs.meta.validate(schema)
    known = {f"#/components/schemas/{key}" for key in found["components"]["schemas"]}
    assert set(references(found)) <= known
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+", key) for key in found["components"]["schemas"])


def test_schemas_say_everything_in_words_that_json_schema_knows(server: RunningServer) -> None:
    found = fetched(server, NAMES[0])["components"]["schemas"]
    told = {"title", "description", "default", "discriminator"}
    assert keywords(list(found.values())) - Draft202012Validator.VALIDATORS.keys() - told == set()


def keywords(part: object) -> set[str]:
    """The words of every schema in it; names of properties are none."""
    if isinstance(part, list):
        return set().union(*map(keywords, part))
    if not isinstance(part, dict):
        return set()
    named = {key: part.get(key, {}).values() for key in ("properties", "$defs")}
    below = [value for key, value in part.items() if key not in (*named, "default", "discriminator", "const", "enum")]
    return part.keys() | keywords([*below, *named["properties"], *named["$defs"]])


@pytest.mark.parametrize("name", NAMES)
def test_operation_ids_are_unique_and_paths_name_their_parameters(server: RunningServer, name: str) -> None:
    found = operations(fetched(server, name))
    counted = Counter(operation["operationId"] for _, _, operation in found)
    assert [key for key, count in counted.items() if count > 1] == []
    for _, path, operation in found:
        named = [item["name"] for item in operation.get("parameters", ()) if item["in"] == "path"]
        assert named == re.findall(r"\{(\w+)\}", path), path


def test_the_whole_document_has_what_the_others_have_and_the_test_controls(server: RunningServer) -> None:
    whole, parts = fetched(server, NAMES[0]), [fetched(server, name) for name in NAMES[1:]]
    for part in parts:
        assert part["paths"].items() <= whole["paths"].items()
        assert part["webhooks"].items() <= whole["webhooks"].items()
        assert part["components"]["schemas"].items() <= whole["components"]["schemas"].items()
    assert not parts[0]["paths"].keys() & parts[1]["paths"].keys()
    assert {"/_test/clock", "/readyz"} <= whole["paths"].keys()
    assert httpx2.get(f"{server.url}/openapi/other.json").status_code == 404


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("polar", {event for events in polar_events.EVENTS.values() for event in events}),
        ("dodo", set(dodo_events.EVENTS.values())),
    ],
)
def test_every_event_that_is_sent_is_told_of_and_no_other(server: RunningServer, name: str, sent: set[str]) -> None:
    webhooks = fetched(server, f"openapi/{name}.json")["webhooks"]
    assert webhooks.keys() == sent
    assert len(sent) > 10


@pytest.mark.parametrize(("name", "within", "tries"), [("polar", "10", "10 tries"), ("dodo", "15", "8 retries")])
def test_each_event_tells_its_type_its_signature_and_what_answer_is_expected(
    server: RunningServer, name: str, within: str, tries: str
) -> None:
    found = fetched(server, f"openapi/{name}.json")
    for event, methods in found["webhooks"].items():
        told = methods["post"]
        schema = told["requestBody"]["content"]["application/json"]["schema"]
        assert schema["properties"] == {"type": {"const": event}}
        envelope = found["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        assert event in envelope["properties"]["type"].get("enum", [envelope["properties"]["type"].get("const")])
        headers = [item["name"] for item in told["parameters"] if item["in"] == "header" and item["required"]]
        assert headers == ["webhook-id", "webhook-timestamp", "webhook-signature"]
        assert f"within {within} seconds" in told["responses"]["2XX"]["description"]
        assert f"sent again. {tries}" in told["responses"]["default"]["description"]
        assert told["summary"], event


def test_an_event_of_another_name_or_with_an_unknown_field_does_not_fit_the_document() -> None:
    unknown = {"business_id": "bus_1", "timestamp": "2026-03-01T12:00:00Z", "type": "payment.won", "data": {}}
    assert event_differences(unknown) == ["the document does not tell of it"]
    bare = {**unknown, "type": "payment.succeeded", "odd": 1}
    found = event_differences(bare)
    assert any("'odd'" in line for line in found), found
    assert any("payload_type" in line for line in found), found


def served() -> set[tuple[str, str]]:
    """Method and path of every route of both APIs, in the spelling that documents have."""
    found = set()
    for route in (*polar.routes.all, *dodo.routes.all):
        path = re.sub(r"^/api/v1", "/v1", route.path).rstrip("/").replace("/checkouts/custom", "/checkouts")
        found |= {(method, path) for method in route.methods or ()}
    return found


def test_every_route_of_both_apis_is_documented_and_nothing_else(server: RunningServer) -> None:
    told = {
        (method.upper(), path.rstrip("/"))
        for name in NAMES[1:]
        for method, path, _ in operations(fetched(server, name))
    }
    routes = served()
    assert len(routes) > 100
    assert routes - told == UNTOLD
    assert told - routes == set()


@pytest.mark.parametrize("name", APIS)
def test_every_operation_tells_its_key_its_errors_and_its_success(server: RunningServer, name: str) -> None:
    found = fetched(server, f"openapi/{name}.json")
    assert set(found["components"]["securitySchemes"]) == {f"{name}_key"}
    for _, path, operation in operations(found):
        is_public = {} in operation["security"]
        assert {f"{name}_key": []} in operation["security"], path
        known = ("client_secret" in path, path == "/checkout/supported_countries", path.startswith("/invoices/"))
        assert is_public == any(known), path
        statuses = set(operation["responses"])
        assert is_public or {"401", "403", "429"} <= statuses, path
        assert any(status.startswith("2") for status in statuses), path
        assert "requestBody" not in operation or {"413", "422"} <= statuses, path
        kinds = [response.get("content", {}) for response in operation["responses"].values()]
        assert all(kind["application/json"]["schema"] for kind in kinds if "application/json" in kind), path


@pytest.mark.parametrize("name", APIS)
def test_each_documented_query_parameter_is_read(server: RunningServer, shop: DemoShop, name: str) -> None:
    api, place = APIS[name], PLACES[name](server, shop)
    unread, asking = [], [operation for operation in api.operations if operation.query is not None]
    with httpx2.Client(base_url=server.url, headers={"Authorization": f"Bearer {place.key}"}) as http:
        for operation in asking:
            path = existing(operation.path, place)
            for told in operation.query.described() if operation.query else ():
                key = f"{told['name']}[a]" if told.get("style") == "deepObject" else str(told["name"])
                # No text of ours can hold a NUL, so whoever reads the parameter refuses it, and names it.
                answer = http.request(operation.method, f"{path}?{key}=%00")
                if answer.status_code != 422 or key not in answer.text:
                    unread.append((operation.method, path, key, answer.status_code, answer.text))
    assert unread == []
    assert len(asking) > 10


@pytest.mark.parametrize("name", APIS)
def test_existing_ids_have_the_form_that_paths_promise(server: RunningServer, shop: DemoShop, name: str) -> None:
    place = PLACES[name](server, shop)
    for operation in APIS[name].operations:
        if "/{id}" not in operation.path:
            continue
        schema = APIS[name].path_schema(operation, "id")
        for known in place.ids[operation.path.partition("/{id}")[0].rpartition("/")[2]]:
            form = schema.get("pattern", r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
            assert re.search(form, known), (operation.path, known)


@pytest.mark.parametrize("name", APIS)
def test_documents_are_made_once_the_same_each_time(server: RunningServer, name: str) -> None:
    api: Described = APIS[name]
    first, second = (document([api], title="t", version="1", about="") for _ in range(2))
    assert json.dumps(first) == json.dumps(second)
    addresses = [httpx2.get(f"{server.url}/openapi/{name}.json").content for _ in range(2)]
    assert addresses[0] == addresses[1]


def test_the_documentation_page_links_every_document(server: RunningServer) -> None:
    text = httpx2.get(f"{server.url}/docs").text
    assert all(f'href="/{name}"' in text for name in NAMES)


# Told by the document and never answered: a merchant's late change is taken (docs/behaviour/polar.md#changing-a-checkout).
NEVER_ANSWERED = {("PATCH", "/v1/checkouts/{id}", 410)}


@pytest.mark.parametrize("api", APIS.values(), ids=APIS)
def test_descriptions_name_the_refusals_that_the_document_has_for_the_operation(api: Described) -> None:
    """Those that answers come with while the tests run are compared with the descriptions in `tests/answers.py`."""
    paths = document([api], title="", version="1", about="")["paths"]
    wrong = []
    for one in api.operations:
        told = paths[one.path][one.method.lower()]
        named = {status for status, _ in named_refusals(told["description"])}
        own = {*one.refuses, *([404] if one.path_names else [])}
        own -= {status for method, path, status in NEVER_ANSWERED if (method, path) == (one.method, one.path)}
        declared = {int(status) for status in told["responses"]}
        if not own <= named <= declared:
            wrong.append((one.method, one.path, sorted(own - named), sorted(named - declared)))
    assert wrong == []


@pytest.mark.parametrize("api", APIS.values(), ids=APIS)
def test_descriptions_name_no_refusal_that_the_api_does_not_have(api: Described) -> None:
    folder = Path(__file__).parents[2] / "src" / "checkstand" / "dialects" / api.name
    literals = {
        text for path in folder.rglob("*.py") for text in re.findall(r'"([A-Za-z]+(?:_[A-Z]+)*)"', path.read_text())
    }
    named = {name for one in api.operations for _, name in named_refusals(one.handler.__doc__ or "")}
    assert len(named) > 10
    assert named - literals == set()
