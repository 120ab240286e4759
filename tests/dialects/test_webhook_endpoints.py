"""Webhook endpoints through both APIs: where they may point, whose change is kept, secrets that every receiver can decode."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import httpx2
import pytest

from checkstand.flows.webhooks.save_endpoint import change_endpoint, create_endpoint, delete_endpoint
from checkstand.store.cache import Cache
from checkstand.store.executor import Executor
from checkstand.testing.demo import DemoShop
from tests.clients.receiver import receiving
from tests.server import RunningServer, running_server
from tests.webhooks.stage import open_stage

NOT_PUBLIC = [
    "127.0.0.1", "127.1", "0x7f000001", "2130706433", "10.0.0.8", "172.16.1.1", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "198.18.0.1", "192.0.2.7", "0.0.0.0", "224.0.0.1", "[::1]", "[::]", "[::10.1.2.3]", "[::8.8.8.8]",
    "[::ffff:127.0.0.1]", "[::ffff:0:127.0.0.1]", "[::ffff:0:8.8.8.8]", "[64:ff9b::7f00:1]", "[64:ff9b:1::808:808]",
    "[fc00::1]", "[fe80::1]", "[fec0::1]", "[ff02::1]", "[3fff::1]", "[5f00::1]", "[2001:db8::1]", "[2001::1]",
    "[100::1]", "[2002:7f00:1::]", "localhost", "localhost.", "shop.localhost", "printer.local", "db.internal",
]  # fmt: skip

NEITHER = [
    "169.254.169.254", "0xa9fea9fe", "0.0.0.0", "192.0.2.1", "198.51.100.1", "203.0.113.9", "224.0.0.1", "240.0.0.1",
    "100.64.0.1", "198.18.0.1", "100.100.100.200", "[::]", "[fe80::1]", "[fec0::1]", "[fd00:ec2::254]", "[64:ff9b:1::1]", "[64:ff9b::a9fe:a9fe]",
    "[2002:a9fe:a9fe::]", "[::ffff:169.254.169.254]", "[3fff::1]", "[5f00::1]", "[2001:db8::1]", "[ff02::1]",
    "metadata.google.internal", "METADATA.google.internal.",
]  # fmt: skip
PRIVATE = [
    "127.0.0.1:4000",
    "localhost:4000",
    "shop.localhost",
    "[::1]:4000",
    "10.0.0.8",
    "192.168.1.1",
    "172.16.1.1",
    "[fd12::1]",
]


@dataclass(frozen=True)
class Api:
    """One dialect's endpoints, by what tests do with them."""

    name: str
    http: httpx2.Client
    server: RunningServer
    organization_id: UUID

    @property
    def path(self) -> str:
        return "/webhooks" if self.name == "dodo" else "/v1/webhooks/endpoints"

    def create(self, url: str = "https://example.com/hooks", **body: Any) -> httpx2.Response:
        needed = {} if self.name == "dodo" else {"format": "raw", "events": ["order.paid"]}
        return self.http.post(self.path, json={"url": url, **needed, **body})

    def change(self, endpoint_id: str, **body: Any) -> httpx2.Response:
        return self.http.patch(f"{self.path}/{endpoint_id}", json=body)

    def read(self, endpoint_id: str) -> dict[str, Any]:
        return dict(self.http.get(f"{self.path}/{endpoint_id}").json())

    def switch(self, *, on: bool) -> dict[str, bool]:
        return {"disabled": not on} if self.name == "dodo" else {"enabled": on}

    def go_live(self) -> None:
        ports = self.server.services.ports
        self.server.run(ports.db.execute("UPDATE organizations SET mode = 'live' WHERE id = $1", self.organization_id))
        ports.cache.forget(self.organization_id)

    def secret(self, endpoint_id: str) -> str:
        if self.name == "polar":
            return str(self.read(endpoint_id)["secret"])
        return str(self.http.get(f"{self.path}/{endpoint_id}/secret").json()["secret"])


def api_of(name: str, server: RunningServer, shop: DemoShop) -> Api:
    token = shop.dodo_key if name == "dodo" else shop.polar_token
    http = httpx2.Client(base_url=server.url, headers={"Authorization": f"Bearer {token}"}, verify=False, timeout=30)
    return Api(name, http, server, shop.organization.id)


@pytest.fixture(params=["polar", "dodo"])
def api(request: pytest.FixtureRequest, server: RunningServer, shop: DemoShop) -> Api:
    return api_of(request.param, server, shop)


@pytest.fixture(scope="module")
def careful_server(database_url: str) -> Iterator[RunningServer]:
    """A server that does not let test organizations reach private addresses: as `serve` does when it is not told to."""
    with running_server(database_url, with_worker=False, private_webhooks=False) as running:
        yield running


def test_a_live_organization_names_no_private_host_in_any_spelling(api: Api) -> None:
    assert api.create("http://127.0.0.1:4000/hooks").is_success, "a test organization does, where the server allows it"
    stored = api.create("http://localhost:4000/hooks").json()["id"]
    assert api.change(stored, **api.switch(on=False)).is_success
    api.go_live()
    wrong = {host: api.create(f"https://{host}/hooks").status_code for host in NOT_PUBLIC}
    assert wrong == dict.fromkeys(NOT_PUBLIC, 422)
    assert api.create("http://example.com/hooks").status_code == 422
    made = api.create("https://example.com/hooks")
    assert made.is_success
    assert api.change(made.json()["id"], url="https://[64:ff9b:1::1]/").status_code == 422
    assert api.read(made.json()["id"])["url"] == "https://example.com/hooks"
    back_on = api.change(stored, **api.switch(on=True))
    assert back_on.status_code == 422, "an address that was fine in test mode is judged again when it is switched on"
    assert ("disabled" if api.name == "dodo" else "enabled") in back_on.text


@pytest.mark.parametrize("name", ["polar", "dodo"])
def test_a_test_organization_names_no_private_host_where_the_server_does_not_allow_it(
    name: str, careful_server: RunningServer
) -> None:
    api = api_of(name, careful_server, careful_server.new_shop())
    for host in ("127.0.0.1:4000", "localhost", "[::1]", "192.168.1.1"):
        answer = api.create(f"http://{host}/hooks")
        assert answer.status_code == 422, host
        assert "CHECKSTAND_PRIVATE_WEBHOOKS" in answer.text, "it says what to do"
        assert "private" in api.create(f"https://{host}/hooks").text
    assert api.create("https://example.com/hooks").is_success
    assert api.create("http://example.com/hooks").is_success == (name == "dodo"), "Polar's are https everywhere"


def test_nobody_names_an_address_that_is_neither_private_nor_public(api: Api) -> None:
    """Also where test organizations may have webhooks on their own machine and network, as `checkstand dev` lets them."""
    wrong = {host: api.create(f"https://{host}/").status_code for host in NEITHER}
    assert wrong == dict.fromkeys(NEITHER, 422)
    right = {host: api.create(f"http://{host}/").is_success for host in PRIVATE}
    assert right == dict.fromkeys(PRIVATE, True)
    told = api.create("http://169.254.169.254/").text
    assert "a link-local address" in told
    assert "this machine or its private network" in told, "it says what to do"
    made = api.create().json()["id"]
    assert api.change(made, url="http://169.254.169.254/").status_code == 422


def test_an_address_that_two_readers_read_in_two_ways_is_refused_by_both_apis(api: Api) -> None:
    """What is stored is what was judged; a password in an address would be told in lists, and never be sent."""
    odd = (
        *(
            "127.0.0.1\\@example.com/",
            "example.com\\@127.0.0.1/",
            "me:secret@example.com/",
            "me@example.com/",
            "example.com:0/",
        ),
        *("./", "../", "a..b/", ".example.com/", "example.com:99999/", "exam\u0001ple.com/"),
    )
    made = api.create().json()["id"]
    for rest in odd:
        for answer in (api.create(f"https://{rest}"), api.change(made, url=f"https://{rest}")):
            # Polar's own form takes a backslash for a slash, as browsers do: then that is what is judged and stored.
            is_read = api.name == "polar" and answer.json().get("url") == "https://" + rest.replace("\\", "/")
            assert answer.status_code == 422 or is_read, rest
    assert "such as https://example.com" in api.create("https://me:secret@example.com/").text, "it says what to do"
    for right in ("https://example.com:8443/a?b=c@d", "https://example.com./hooks", "https://b\u00fccher.example/h"):
        assert api.create(right).is_success, right


def test_a_new_secret_is_base64_that_a_strict_decoder_takes(api: Api) -> None:
    made = api.create().json()
    secrets = [api.secret(made["id"])]
    if api.name == "polar":
        changed = api.http.patch(f"{api.path}/{made['id']}/secret").json()
        secrets.append(changed["secret"])
    assert len(set(secrets)) == len(secrets)
    for secret in secrets:
        part = secret.removeprefix("whsec_")
        assert (secret, len(part)) == (f"whsec_{part}", 32)
        assert len(base64.b64decode(part, validate=True)) == 24


def test_an_earlier_secret_or_one_of_the_merchants_own_is_kept(server: RunningServer, shop: DemoShop) -> None:
    api, own = api_of("polar", server, shop), "whsec_" + "a" * 43
    made = api.create(secret=own).json()
    assert made["secret"] == own
    assert api.change(made["id"], name="Renamed").json()["secret"] == own
    assert api.secret(made["id"]) == own


def test_two_callers_who_change_two_fields_at_once_both_keep_their_change(api: Api) -> None:
    made = api.create().json()
    field = "description" if api.name == "dodo" else "name"
    headers = dict(api.http.headers)

    async def both(number: int) -> None:
        async with httpx2.AsyncClient(base_url=api.server.url, headers=headers, timeout=30) as http:
            path = f"{api.path}/{made['id']}"
            answers = await asyncio.gather(
                http.patch(path, json={"url": f"https://example.com/{number}"}),
                http.patch(path, json={field: f"note {number}"}),
            )
        assert {answer.status_code for answer in answers} == {200}

    for number in range(12):
        asyncio.run(both(number))
        seen = api.read(made["id"])
        assert (seen["url"], seen[field]) == (f"https://example.com/{number}", f"note {number}")


def test_headers_added_one_by_one_have_the_same_limit_as_those_given_at_once(
    server: RunningServer, shop: DemoShop
) -> None:
    api = api_of("dodo", server, shop)
    made = api.create().json()["id"]

    def add(first: int, count: int) -> int:
        headers = {f"X-{number}": "a" for number in range(first, first + count)}
        return api.http.patch(f"{api.path}/{made}/headers", json={"headers": headers}).status_code

    assert (add(0, 30), add(20, 30), add(49, 2)) == (200, 200, 422)
    assert len(api.http.get(f"{api.path}/{made}/headers").json()["headers"]) == 50


class ReadBetween(Cache):
    """A cache whose organization is asked about by another request after a change was written and before it is committed."""

    async def changed(self, db: Executor, organization_id: UUID) -> None:
        await super().changed(db, organization_id)
        await self.has_endpoints(organization_id)


def test_what_somebody_read_while_an_endpoint_was_being_stored_is_forgotten(quiet_database_url: str) -> None:
    async def story() -> None:
        async with open_stage(quiet_database_url) as stage:
            known = await stage.endpoint("http://127.0.0.1:9/")
            ports = replace(stage.ports, cache=ReadBetween(stage.ports.db))
            organization, listens = stage.organization, ports.cache.has_endpoints
            await delete_endpoint(ports, organization, "polar", known.id)
            assert not await listens(organization.id)
            made = await create_endpoint(ports, organization, "polar", {"url": known.url})
            assert await listens(organization.id)
            for on in (False, True):
                await change_endpoint(ports, organization, "polar", made.id, {"enabled": on})
                assert await listens(organization.id) is on
            await delete_endpoint(ports, organization, "polar", made.id)

    asyncio.run(story())


def test_polar_refuses_at_the_field_what_is_neither_https_nor_a_local_receiver(
    server: RunningServer, shop: DemoShop
) -> None:
    """Plain http is for receivers on this machine and its network alone; an encrypted address is a public one."""
    api = api_of("polar", server, shop)
    local, scheme = "value_error", "url_scheme"
    expected: dict[str, str | None] = {
        "http://example.com/": scheme, "ftp://example.com/": scheme, "wss://127.0.0.1/": scheme, "http://8.8.8.8/": scheme,
        "https://localhost/": local, "https://localhost./": local, "https://a.localhost/": local, "https://127.0.0.1:8443/": local, "https://10.1.2.3/": local, "https://[::1]/": local,
        "https://0x7f000001/": local, "https://169.254.169.254/": local, "x": "url_parsing", "": "url_parsing",
        "https://printer.local/": None, "http://localhost:4000/": None, "http://[::1]:4000/": None, "https://8.8.8.8/": None,
    }  # fmt: skip
    made = api.create().json()["id"]
    found: dict[str, str | None] = {}
    for url in expected:
        answers = [api.create(url), api.change(made, url=url)]
        kinds = {one.json()["detail"][0]["type"] if one.status_code == 422 else None for one in answers}
        found[url] = kinds.pop() if len(kinds) == 1 else f"differs: {kinds}"
    assert found == expected
    refused = api.create("http://example.com/", events=["nope"]).json()
    assert refused["error"] == "RequestValidationError"
    assert [item["loc"] for item in refused["detail"]] == [["body", "url"], ["body", "events", 0]], "told together"
    assert refused["detail"][0]["ctx"] == {"expected_schemes": "'https'"}
    assert "subscription.migrated" not in refused["detail"][1]["msg"]
    assert api.create(events=["subscription.migrated"]).is_success, "what the newest clients know is taken"


def test_the_log_tells_every_try_of_this_apis_events_and_one_is_sent_again_under_its_id(
    server: RunningServer, shop: DemoShop
) -> None:
    polar, dodo = api_of("polar", server, shop), api_of("dodo", server, shop)
    stranger = api_of("polar", server, server.new_shop())

    def listed(query: str = "", *, by: Api = polar) -> list[dict[str, Any]]:
        return list(by.http.get(f"/v1/webhooks/deliveries{query}").json()["items"])

    with receiving() as receiver:
        made = polar.create(receiver.url, events=["product.created"]).json()
        assert dodo.create(receiver.url).is_success
        price = {"amount_type": "fixed", "price_amount": 500}
        assert polar.http.post("/v1/products/", json={"name": "Lamp", "prices": [price]}).status_code == 201
        polar.http.post("/_test/settle")
        (tried,) = listed()
        event = tried["webhook_event"]
        assert (tried["succeeded"], tried["http_code"], event["succeeded"], event["skipped"]) == (
            True,
            204,
            True,
            False,
        )
        assert (event["type"], json.loads(event["payload"])["data"]["name"]) == ("product.created", "Lamp")
        again = f"/v1/webhooks/events/{event['id']}/redeliver"
        assert stranger.http.post(again).status_code == 404
        answer = polar.http.post(again)
        assert (answer.status_code, answer.json()) == (202, None)
        polar.http.post("/_test/settle")
        assert [item["webhook_event"]["id"] for item in listed()] == [event["id"]] * 2
        assert [hook.headers["webhook-id"] for hook in receiver.hooks] == [event["id"]] * 2
    counts = {
        f"?endpoint_id={made['id']}": 2, "?succeeded=true": 2, "?succeeded=false": 0, "?http_code_class=2xx": 2,
        "?http_code_class=5xx": 0, "?event_type=product.created": 2, "?event_type=order.paid": 0, "?limit=1&page=2": 1,
        "?start_timestamp=2999-01-01T00:00:00Z": 0,
    }  # fmt: skip
    assert {query: len(listed(query)) for query in counts} == counts
    assert listed(by=stranger) == []
    assert polar.http.get("/v1/webhooks/deliveries?http_code_class=9xx").status_code == 422
