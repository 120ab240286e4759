"""Members of customers through the Polar dialect, their events, and the official client: each rule a sentence.

Source: docs/behaviour/polar.md#customers and docs/behaviour/polar.md#events.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from polar.v2026_04 import Polar as Sdk

from tests.clients.receiver import receiving
from tests.dialects.polar_http import BUSINESS, SCHEMA, Polar, assert_refused
from tests.dialects.polar_people import ADA, BERLIN, TEAM, VAT, made, member, members, patch
from tests.dialects.test_polar_contract import assert_fits, assert_matches
from tests.server import RunningServer
from tests.shared_folder import contract


def test_a_team_has_the_owner_it_was_made_with(polar: Polar) -> None:
    found = made(polar, **TEAM, external_id="engines")
    owner = members(polar, found)[0]
    assert {key: owner[key] for key in ("email", "name", "role", "customer_id")} == {
        "email": "grace@example.com",
        "name": "Grace",
        "role": "owner",
        "customer_id": found["id"],
    }
    named = made(polar, type="team", email="team@example.com", name="Team")
    assert members(polar, named)[0]["email"] == "team@example.com", "without an owner the team's own e-mail reaches one"


def test_members_are_added_read_changed_and_removed(polar: Polar) -> None:
    team = made(polar, **TEAM, external_id="engines")
    added = member(polar, team, email="ada@example.com", name="Ada", external_id="a1")
    assert (added["role"], added["external_id"]) == ("member", "a1")
    path = f"/v1/customers/{team['id']}/members/{added['id']}"
    read = polar.client.get(path)
    assert_fits("/v1/customers/{id}/members/{member_id}", "get", read)
    assert read.json() == added
    by_external = "/v1/customers/external/engines/members/a1"
    assert polar.client.get(by_external).json() == added
    changed = polar.client.patch(path, json={"name": None, "email": "byron@example.com", "role": "billing_manager"})
    assert_fits("/v1/customers/{id}/members/{member_id}", "patch", changed)
    assert (changed.json()["name"], changed.json()["email"]) == (None, "byron@example.com")
    assert polar.client.patch(by_external, json={"email": None}).json()["role"] == "billing_manager"
    assert [one["role"] for one in members(polar, team)] == ["owner", "billing_manager"]
    assert len(members(polar, team, role="owner")) == 1
    assert polar.client.delete(by_external).status_code == 204
    assert polar.client.get(path).status_code == polar.client.get(by_external).status_code == 404
    answer = polar.client.post(
        "/v1/customers/external/engines/members", json={"email": "x@example.com", "external_id": "a1"}
    )
    assert answer.status_code == 201


def test_adding_a_member_again_answers_the_one_there_is(polar: Polar) -> None:
    team = made(polar, **TEAM)
    first = member(polar, team, email="ada@example.com")
    assert member(polar, team, email="ADA@example.com", name="Other") == first
    with ThreadPoolExecutor(8) as crowd:
        found = set(crowd.map(lambda _: member(polar, team, email="joan@example.com")["id"], range(8)))
    assert len(found) == 1


def test_an_external_id_names_one_member_of_a_team(polar: Polar) -> None:
    team = made(polar, **TEAM)
    member(polar, team, email="ada@example.com", external_id="a1")
    answer = polar.client.post(
        f"/v1/customers/{team['id']}/members", json={"email": "b@example.com", "external_id": "a1"}
    )
    assert_refused(answer, BUSINESS, ["body", "external_id"], "value_error")
    other = made(polar, type="team", email="other@example.com")
    member(polar, other, email="b@example.com", external_id="a1")


def test_an_individual_has_no_further_members(polar: Polar) -> None:
    found = made(polar, **ADA)
    answer = polar.client.post(f"/v1/customers/{found['id']}/members", json={"email": "b@example.com"})
    assert_fits("/v1/customers/{id}/members", "post", answer)
    assert (answer.status_code, answer.json()["error"], answer.json()["detail"]) == (
        403,
        "NotPermitted",
        "Not permitted",
    )


def test_a_team_has_exactly_one_owner_at_any_time(polar: Polar) -> None:
    team = made(polar, **TEAM)
    owner = members(polar, team)[0]
    ada = member(polar, team, email="ada@example.com")
    base = f"/v1/customers/{team['id']}/members"
    for answer in (
        polar.client.patch(f"{base}/{owner['id']}", json={"role": "member"}),
        polar.client.delete(f"{base}/{owner['id']}"),
    ):
        assert_refused(answer, BUSINESS, ["body", "role"], "value_error")
    assert_refused(
        polar.client.post(base, json={"email": "c@example.com", "role": "owner"}),
        SCHEMA,
        ["body", "role"],
        "enum",
    )
    assert polar.client.patch(f"{base}/{ada['id']}", json={"role": "owner"}).json()["role"] == "owner"
    roles = {one["email"]: one["role"] for one in members(polar, team)}
    assert roles == {"grace@example.com": "billing_manager", "ada@example.com": "owner"}
    assert polar.client.delete(f"{base}/{owner['id']}").status_code == 204


def test_an_owner_who_is_named_by_the_merchants_ids_stays_as_well(polar: Polar) -> None:
    """The document tells of this refusal: the path's own names are no UUIDs, which are all that other removals could get wrong."""
    made(polar, type="team", external_id="engines", owner={"email": "grace@example.com", "external_id": "g1"})
    path = "/v1/customers/external/engines/members/g1"
    assert_refused(polar.client.delete(path), BUSINESS, ["body", "role"], "value_error")
    assert polar.client.get(path).json()["role"] == "owner"


def test_a_members_email_cannot_become_anothers(polar: Polar) -> None:
    team = made(polar, **TEAM)
    ada = member(polar, team, email="ada@example.com")
    path = f"/v1/customers/{team['id']}/members/{ada['id']}"
    assert_refused(
        polar.client.patch(path, json={"email": "GRACE@example.com"}), BUSINESS, ["body", "email"], "value_error"
    )
    assert polar.client.patch(path, json={"email": "ADA@example.com"}).status_code == 200


def test_a_member_is_found_only_at_its_own_customer(polar: Polar) -> None:
    team, other = made(polar, **TEAM), made(polar, type="team", email="other@example.com")
    ada = member(polar, team, email="ada@example.com")
    for method in ("GET", "DELETE"):
        answer = polar.client.request(method, f"/v1/customers/{other['id']}/members/{ada['id']}")
        assert answer.status_code == 404


def test_what_happens_to_customers_and_members_is_told(polar: Polar) -> None:
    events = [
        "customer.created", "customer.updated", "customer.deleted", "customer.state_changed",
        "member.created", "member.updated", "member.deleted",
    ]  # fmt: skip
    with receiving() as receiver:
        endpoint = {"url": receiver.url, "format": "raw", "events": events}
        assert polar.client.post("/v1/webhooks/endpoints", json=endpoint).status_code == 201
        team = made(polar, **TEAM, external_id="engines")
        ada = member(polar, team, email="ada@example.com")
        base = f"/v1/customers/{team['id']}"
        polar.client.patch(f"{base}/members/{ada['id']}", json={"name": "Ada"})
        patch(polar, team, name="Engines")
        assert polar.client.delete(base).status_code == 204
        assert polar.client.post("/_test/settle").status_code == 200
        told = [hook.event for hook in receiver.hooks]
    kinds = [event["type"] for event in told if event["type"] != "customer.state_changed"]
    assert kinds == [
        "customer.created", "member.created", "member.created", "member.updated", "customer.updated",
        "customer.deleted", "member.deleted", "member.deleted",
    ]  # fmt: skip
    deleted = next(event["data"] for event in told if event["type"] == "customer.deleted")
    assert (deleted["id"], deleted["external_id"], deleted["name"]) == (team["id"], None, "Engines")
    assert deleted["deleted_at"] is not None
    assert told[-1]["data"]["customer_id"] == team["id"]
    assert [event["data"]["deleted_at"] is None for event in told if event["type"] == "customer.state_changed"] == [
        True, True, False
    ]  # fmt: skip
    for event in told:
        noun = event["type"].partition(".")[0]
        name = {"customer": "CustomerTeam", "member": "Member"}[noun]
        if event["type"] == "customer.state_changed":
            name = "CustomerStateTeam"
        if contract("polar.json"):
            assert_matches({"$ref": f"#/components/schemas/{name}"}, event["data"])


def test_the_official_client_loads_customers_and_members_into_its_types(polar: Polar, server: RunningServer) -> None:
    sdk = Sdk(polar.shop.polar_token, base_url=server.url)
    ada = sdk.customers.create(email="ada@example.com", external_id="u1", billing_address=BERLIN, tax_id=VAT)
    assert (ada.type, ada.tax_id[0]) == ("individual", VAT)
    assert sdk.customers.update(ada.id, name="Ada").name == "Ada"
    assert sdk.customers.update_external("u1", metadata={"a": 1}).metadata == {"a": 1}
    assert sdk.customers.get_state_external("u1").active_subscriptions == []
    assert sdk.customers.list_payment_methods(ada.id).items == []
    team = sdk.customers.create(type="team", owner={"email": "grace@example.com"}, external_id="t1")
    assert (team.type, team.email) == ("team", None)
    joan = sdk.customers.members.create(team.id, email="joan@example.com", external_id="j1")
    assert sdk.customers.members.get_external("t1", "j1").id == joan.id
    assert sdk.customers.members.update(team.id, joan.id, role="owner").role == "owner"
    assert {one.role for one in sdk.customers.members.list(team.id).items} == {"owner", "billing_manager"}
    assert {one.email for one in sdk.customers.members.iter_list_external("t1")} == {
        "joan@example.com",
        "grace@example.com",
    }
    with pytest.raises(Exception, match=r"already exists|422") as told:
        sdk.customers.create(email="ada@example.com")
    assert "Deserial" not in type(told.value).__name__
    sdk.customers.delete(team.id)
    sdk.customers.delete_external("u1", anonymize=True)
    assert sdk.customers.list().items == []
