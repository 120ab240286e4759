"""Customers through the Polar dialect: each rule a sentence. Members are in `test_polar_members.py`.

Source: docs/behaviour/polar.md#buyers-of-new-checkouts and docs/behaviour/polar.md#customers.
"""

from __future__ import annotations

import csv
import io
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import httpx2
from polar.v2026_04 import Polar as Sdk

from tests.dialects.polar_http import BUSINESS, READY, SCHEMA, Polar, assert_refused
from tests.dialects.polar_people import ADA, BERLIN, TEAM, VAT, made, members, patch, post
from tests.dialects.test_polar_contract import assert_fits
from tests.server import RunningServer


def test_every_field_of_a_new_customer_is_kept_and_shown(polar: Polar) -> None:
    found = made(
        polar,
        email="Ada@Example.com",
        external_id=" u1 ",
        name=" Ada ",
        billing_address=BERLIN,
        tax_id="DE 136 695 976",
        locale="de",
        metadata={"tier": "gold", "seats": 3},
    )
    assert (found["email"], found["external_id"], found["name"]) == ("Ada@example.com", "u1", "Ada")
    assert (found["type"], found["locale"], found["metadata"]) == ("individual", "de", {"tier": "gold", "seats": 3})
    assert found["tax_id"] == [VAT, "eu_vat"]
    assert found["billing_address"] == {**BERLIN, "line2": None, "state": None}
    assert found["billing_name"] == "Ada", "the shown billing name falls back to the plain one"
    assert found["email_verified"] is False
    assert polar.client.get(f"/v1/customers/{found['id']}").json() == found
    assert polar.client.get("/v1/customers/external/u1").json() == found


def test_a_blank_external_id_is_none(polar: Polar) -> None:
    assert made(polar, **ADA, external_id="  ")["external_id"] is None


def test_an_individual_needs_an_email_and_the_error_names_the_type(polar: Polar) -> None:
    assert_refused(post(polar, name="Ada"), SCHEMA, ["body", "individual", "email"], "missing", "Field required")
    assert_refused(post(polar, type="individual", email="nope"), SCHEMA, ["body", "individual", "email"], "value_error")
    assert_refused(
        polar.client.post("/v1/customers/", json=[]), SCHEMA, ["body", "individual"], "model_attributes_type"
    )
    assert_refused(post(polar, **ADA, type="robot"), SCHEMA, ["body"], "union_tag_invalid")
    assert polar.client.get("/v1/customers/").json()["items"] == []


def test_a_team_without_an_email_needs_an_owner_who_has_one(polar: Polar) -> None:
    answer = post(polar, type="team", name="Engines")
    text = "Value error, An owner with an email address is required when creating a team customer without an email."
    assert_refused(answer, SCHEMA, ["body", "team"], "value_error", text)
    assert answer.json()["detail"][0]["ctx"] == {"error": {}}
    assert_refused(post(polar, type="team", owner={"name": "G"}), SCHEMA, ["body", "team", "owner", "email"], "missing")
    found = made(polar, **TEAM)
    assert (found["type"], found["email"]) == ("team", None)


def test_one_email_is_one_customer_whatever_its_case_but_an_alias_is_another(polar: Polar) -> None:
    made(polar, email="ada@example.com")
    answer = post(polar, email="ADA@Example.COM")
    text = "A customer with this email address already exists."
    assert_refused(answer, BUSINESS, ["body", "email"], "value_error", text)
    made(polar, email="ada+shop@example.com")


def test_several_conflicts_are_told_together(polar: Polar) -> None:
    made(polar, **ADA, external_id="u1")
    answer = post(polar, **ADA, external_id="u1", tax_id="X", billing_address={"country": "DE"})
    told = {item["loc"][1]: (item["type"], item["msg"], item["input"]) for item in answer.json()["detail"]}
    assert told == {
        "email": ("value_error", "A customer with this email address already exists.", "ada@example.com"),
        "external_id": ("value_error", "A customer with this external ID already exists.", "u1"),
        "tax_id": ("invalid", "Invalid tax ID.", "X"),
    }


def test_a_tax_id_needs_an_address_to_be_judged_by(polar: Polar) -> None:
    answer = post(polar, **ADA, tax_id=VAT)
    assert_refused(answer, BUSINESS, ["body", "billing_address"], "missing", "Country is required to validate tax ID.")
    assert answer.json()["detail"][0]["input"] is None


def test_the_organization_is_the_tokens_own(polar: Polar) -> None:
    given = str(polar.shop.organization.id)
    text = "Setting organization_id is disallowed when using an organization token."
    answer = post(polar, **ADA, organization_id=given)
    assert_refused(answer, BUSINESS, ["body", "organization_id"], "organization_token", text)


def test_of_thirty_requests_for_one_email_exactly_one_makes_a_customer(polar: Polar) -> None:
    emails = ["ada@example.com" if number % 2 else "ADA@example.com" for number in range(30)]
    with ThreadPoolExecutor(30) as crowd:
        answers = list(crowd.map(lambda email: post(polar, email=email).status_code, emails))
    assert sorted(answers) == [201] + [422] * 29
    assert polar.client.get("/v1/customers/").json()["pagination"]["total_count"] == 1


def test_of_many_changes_to_one_email_exactly_one_wins(polar: Polar) -> None:
    people = [made(polar, email=f"p{number}@example.com", external_id=None) for number in range(8)]
    with ThreadPoolExecutor(8) as crowd:
        answers = list(crowd.map(lambda one: patch(polar, one, email="same@example.com").status_code, people))
    assert sorted(answers) == [200] + [422] * 7
    with ThreadPoolExecutor(8) as crowd:
        answers = list(crowd.map(lambda one: patch(polar, one, external_id="same").status_code, people))
    assert sorted(answers) == [200] + [422] * 7


def test_a_change_keeps_what_it_does_not_name_and_null_clears_what_may_be_empty(polar: Polar) -> None:
    found = made(polar, **ADA, name="Ada", locale="de", metadata={"a": 1, "b": 2})
    changed = patch(polar, found, email=None, metadata={"c": 3}).json()
    assert (changed["email"], changed["name"], changed["metadata"]) == ("ada@example.com", "Ada", {"c": 3})
    assert changed["modified_at"] is not None
    cleared = patch(polar, found, name=None, locale=None, metadata={}).json()
    assert (cleared["name"], cleared["locale"], cleared["metadata"]) == (None, None, {})
    assert_refused(patch(polar, found, metadata=None), SCHEMA, ["body", "metadata"], "dict_type")


def test_an_email_may_change_its_case_but_not_become_anothers(polar: Polar) -> None:
    found = made(polar, **ADA)
    made(polar, email="grace@example.com")
    assert patch(polar, found, email="ADA@example.com").json()["email"] == "ADA@example.com"
    answer = patch(polar, found, email="Grace@example.com")
    assert_refused(
        answer, BUSINESS, ["body", "email"], "value_error", "A customer with this email address already exists."
    )


def test_an_external_id_is_set_once(polar: Polar) -> None:
    made(polar, email="grace@example.com", external_id="taken")
    found = made(polar, **ADA)
    assert_refused(patch(polar, found, external_id="taken"), BUSINESS, ["body", "external_id"], "value_error")
    assert patch(polar, found, external_id="u1").json()["external_id"] == "u1"
    assert patch(polar, found, external_id="u1").status_code == 200
    for other in ("u2", None):
        answer = patch(polar, found, external_id=other)
        assert_refused(
            answer, BUSINESS, ["body", "external_id"], "value_error", "Customer external ID cannot be updated."
        )


def test_an_address_once_set_is_never_nulled(polar: Polar) -> None:
    found = made(polar, **ADA)
    assert patch(polar, found, billing_address=None).status_code == 200
    assert patch(polar, found, billing_address={"country": "FR"}).json()["billing_address"]["country"] == "FR"
    answer = patch(polar, found, billing_address=None)
    text = "Customer billing address cannot be reset to null once set."
    assert_refused(answer, BUSINESS, ["body", "billing_address"], "value_error", text)


def test_a_changed_tax_id_is_judged_by_the_address_there_is(polar: Polar) -> None:
    found = made(polar, **ADA)
    assert_refused(patch(polar, found, tax_id=VAT), BUSINESS, ["body", "billing_address"], "missing")
    assert patch(polar, found, tax_id=VAT, billing_address=BERLIN).json()["tax_id"] == [VAT, "eu_vat"]
    assert_refused(patch(polar, found, tax_id="DE1"), BUSINESS, ["body", "tax_id"], "invalid", "Invalid tax ID.")
    assert patch(polar, found, tax_id=None).json()["tax_id"] is None


def test_an_individual_becomes_a_team_with_an_owner_and_never_goes_back(polar: Polar) -> None:
    found = made(polar, **ADA, name="Ada")
    (owner,) = members(polar, found)
    assert (owner["email"], owner["name"], owner["role"]) == ("ada@example.com", "Ada", "owner")
    assert patch(polar, found, type="team").json()["type"] == "team"
    assert members(polar, found) == [owner], "who owned the individual owns the team"
    answer = patch(polar, found, type="individual")
    text = "Customer type cannot be downgraded from 'team' to 'individual'."
    assert_refused(answer, BUSINESS, ["body", "type"], "value_error", text)
    assert patch(polar, found, type="team").status_code == patch(polar, found, type=None).status_code == 200


def test_a_customer_is_changed_and_deleted_by_the_merchants_own_id(polar: Polar) -> None:
    made(polar, **ADA, external_id="u1")
    path = "/v1/customers/external/u1"
    changed = polar.client.patch(path, json={"name": "Ada"})
    assert_fits("/v1/customers/external/{external_id}", "patch", changed)
    assert changed.json()["name"] == "Ada"
    ignored = polar.client.patch(path, json={"external_id": "u2"})
    assert ignored.json()["external_id"] == "u1"
    assert ignored.headers["checkstand-ignored-fields"] == "external_id"
    gone = polar.client.delete(path)
    assert (gone.status_code, gone.content) == (204, b"")
    assert polar.client.get(path).status_code == polar.client.delete(path).status_code == 404


def test_a_deleted_customer_is_gone_and_email_and_id_are_free_again(polar: Polar) -> None:
    found = made(polar, **ADA, external_id="u1")
    path = f"/v1/customers/{found['id']}"
    assert polar.client.delete(path).status_code == 204
    for answer in (polar.client.get(path), patch(polar, found, name="x"), polar.client.delete(path)):
        assert answer.status_code == 404
        assert answer.json() == {"error": "ResourceNotFound", "detail": "Not found"}
    assert polar.client.get("/v1/customers/").json()["items"] == []
    assert made(polar, **ADA, external_id="u1")["id"] != found["id"]


def test_orders_of_a_deleted_customer_still_show_who_it_was_unless_anonymized(polar: Polar) -> None:
    assert polar.confirm(polar.secret(customer_name="Ada"), **READY).status_code == 200
    assert polar.client.post("/_test/settle").status_code == 200
    customer = polar.client.get("/v1/customers/").json()["items"][0]
    path = f"/v1/customers/{customer['id']}"
    assert polar.client.delete(path, params={"anonymize": "perhaps"}).status_code == 422
    assert polar.client.delete(path, params={"anonymize": "true"}).status_code == 204
    order = polar.client.get("/v1/orders/").json()["items"][0]
    shown = order["customer"]
    assert shown["deleted_at"] is not None
    assert shown["email"].endswith("@anonymous.invalid")
    assert (shown["name"], shown["billing_address"], shown["metadata"]) == (None, None, {})


def test_a_session_of_a_deleted_customer_cannot_be_paid(polar: Polar) -> None:
    found = made(polar, **ADA)
    secret = polar.secret(customer_id=found["id"])
    assert polar.client.delete(f"/v1/customers/{found['id']}").status_code == 204
    answer = polar.confirm(secret, **{key: READY[key] for key in READY if key != "customer_email"})
    assert (answer.status_code, answer.json()["error"]) == (409, "CheckoutCustomerDeleted")


def test_the_export_is_a_csv_of_all_customers_oldest_first(polar: Polar, server: RunningServer) -> None:
    made(polar, email="ada@example.com", external_id="u1", name='Ada "the first"', billing_address=BERLIN)
    made(polar, email="eve@example.com", name="=1+1", metadata={"a": 1})
    made(polar, **TEAM)
    answer = polar.client.get("/v1/customers/export")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert list(rows[0])[:5] == ["ID", "External ID", "Created At", "Email", "Name"]
    assert [row["Email"] for row in rows] == ["ada@example.com", "eve@example.com", ""]
    assert (rows[0]["Name"], rows[0]["External ID"], rows[0]["Billing Address City"]) == (
        'Ada "the first"',
        "u1",
        "Berlin",
    )
    assert rows[1]["Name"] == "'=1+1", "no spreadsheet runs a buyer's name"
    assert Sdk(polar.shop.polar_token, base_url=server.url).customers.export() == answer.text
    other = {"organization_id": str(uuid4())}
    assert len(polar.client.get("/v1/customers/export", params=other).text.splitlines()) == 1


def test_an_export_of_more_customers_than_are_read_at_once_is_whole(polar: Polar, server: RunningServer) -> None:
    statement = """
        INSERT INTO customers (organization_id, id, email, metadata, created_at)
        SELECT $1, gen_random_uuid(), 'p' || n || '@example.com', '{}', now()
        FROM generate_series(1, 1203) AS n
    """
    server.run(server.services.ports.db.execute(statement, polar.shop.organization.id))
    rows = list(csv.DictReader(io.StringIO(polar.client.get("/v1/customers/export").text)))
    assert len({row["ID"] for row in rows}) == len(rows) == 1203


def test_lists_are_narrowed_by_email_text_and_metadata(polar: Polar) -> None:
    made(polar, email="ada@example.com", name="Ada Byron", metadata={"tier": "gold"})
    made(polar, email="grace@example.com", name="Grace", external_id="g")

    def found(**query: str) -> list[str]:
        answer = polar.client.get("/v1/customers/", params={"sorting": "email", **query})
        assert_fits("/v1/customers/", "get", answer)
        return [item["email"] for item in answer.json()["items"]]

    assert found() == ["ada@example.com", "grace@example.com"]
    assert found(email="ADA@example.com") == found(query="byron") == ["ada@example.com"]
    assert found(**{"metadata[tier]": "gold"}) == ["ada@example.com"]
    assert found(sorting="-name") == ["grace@example.com", "ada@example.com"]


def test_nobody_has_saved_payment_methods_yet(polar: Polar) -> None:
    found = made(polar, **ADA, external_id="u1")
    for path, name in (
        (f"/v1/customers/{found['id']}", "{id}"),
        ("/v1/customers/external/u1", "external/{external_id}"),
    ):
        answer = polar.client.get(f"{path}/payment-methods")
        assert answer.json() == {"items": [], "pagination": {"total_count": 0, "max_page": 0}}
        assert_fits(f"/v1/customers/{name}/payment-methods", "get", answer)
        assert_fits(f"/v1/customers/{name}/state", "get", polar.client.get(f"{path}/state"))
    assert polar.client.get(f"/v1/customers/{uuid4()}/payment-methods").status_code == 404


def test_every_route_asks_for_its_scope_and_a_known_customer(polar: Polar) -> None:
    unknown = str(uuid4())
    for method, path, body in (
        ("GET", f"/v1/customers/{unknown}", None),
        ("PATCH", f"/v1/customers/{unknown}", {}),
        ("DELETE", f"/v1/customers/{unknown}", None),
        ("GET", "/v1/customers/external/nobody", None),
        ("PATCH", "/v1/customers/external/nobody", {}),
        ("POST", f"/v1/customers/{unknown}/members", ADA),
        ("GET", f"/v1/customers/{unknown}/members/{unknown}", None),
        ("DELETE", "/v1/customers/external/nobody/members/x", None),
    ):
        answer = (
            polar.client.request(method, path, json=body) if body is not None else polar.client.request(method, path)
        )
        assert (answer.status_code, answer.json()["error"]) == (404, "ResourceNotFound"), path
        assert httpx2.request(method, f"{polar.url}{path}", json=body or {}).status_code == 401
    assert polar.client.get("/v1/customers/not-a-uuid").status_code == 422


# What a checkout knows of a customer (docs/behaviour/polar.md#buyers-of-new-checkouts)


def test_a_known_customer_fills_what_the_session_left_empty(polar: Polar) -> None:
    found = made(polar, **ADA, name="Ada", external_id="u1", billing_address=BERLIN, tax_id=VAT)
    filled = {
        "customer_email": "ada@example.com",
        "customer_name": "Ada",
        "customer_billing_name": "Ada",
        "customer_tax_id": VAT,
        "customer_id": found["id"],
    }
    for body in ({"customer_id": found["id"]}, {"external_customer_id": "u1"}, {"customer_external_id": "u1"}):
        session = polar.create(**body).json()
        assert {key: session[key] for key in filled} == filled
        assert session["customer_billing_address"]["city"] == "Berlin"
        assert session["is_business_customer"] is False, "a name that only falls back makes no business"
    given = polar.create(customer_id=found["id"], customer_name="Augusta").json()
    assert (given["customer_name"], given["external_customer_id"]) == ("Augusta", None)


def test_an_unknown_customer_id_is_refused_and_an_unknown_external_id_kept(polar: Polar) -> None:
    unknown = str(uuid4())
    assert_refused(
        polar.create(customer_id=unknown), BUSINESS, ["body", "customer_id"], "value_error", "Customer does not exist."
    )
    session = polar.create(customer_external_id="new").json()
    assert (session["customer_id"], session["external_customer_id"], session["customer_external_id"]) == (
        None,
        "new",
        "new",
    )


def test_a_teams_name_is_not_filled_and_its_owner_stands_in_for_a_missing_email(polar: Polar) -> None:
    nameless = made(polar, **TEAM)
    session = polar.create(customer_id=nameless["id"]).json()
    assert (session["customer_name"], session["customer_email"]) == (None, "grace@example.com")
    assert session["customer_billing_name"] == "Analytical Engines"
    reached = made(polar, **{**TEAM, "email": "team@example.com"})
    assert polar.create(customer_id=reached["id"]).json()["customer_email"] == "team@example.com"


def test_a_team_without_an_email_buys_and_its_order_shows_it(polar: Polar) -> None:
    team = made(polar, **TEAM)
    ready = {key: READY[key] for key in READY if key != "customer_email"}
    assert polar.confirm(polar.secret(customer_id=team["id"]), **ready).status_code == 200
    assert polar.client.post("/_test/settle").status_code == 200
    listed = polar.client.get("/v1/orders/")
    assert_fits("/v1/orders/", "get", listed)
    order = listed.json()["items"][0]
    assert (order["customer_id"], order["customer"]["type"], order["customer"]["email"]) == (team["id"], "team", None)
    assert order["user"]["email"] == "grace@example.com"


def test_a_purchase_under_the_email_of_an_entered_customer_is_theirs(polar: Polar) -> None:
    found = made(polar, email="Ada@example.com", metadata={"kept": True})
    assert polar.confirm(polar.secret(customer_metadata={"new": 1}), **READY).status_code == 200
    assert polar.client.post("/_test/settle").status_code == 200
    listed = polar.client.get("/v1/customers/").json()["items"]
    assert [(item["id"], item["metadata"]) for item in listed] == [(found["id"], {"kept": True, "new": 1})]
