"""Customers and their wallets through the Dodo dialect: each rule a sentence.

Source: docs/behaviour/dodo.md#buyer and docs/behaviour/dodo.md#customers.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest
from dodopayments import BadRequestError, DodoPayments

from tests.dialects.dodo_place import DodoShop
from tests.dialects.test_dodo_contract import conform
from tests.tables import table

ADA = {"email": "ada@example.com", "name": "Ada"}


def made(dodo: DodoShop, **body: object) -> dict[str, Any]:
    answer = dodo.http.post("/customers", json={**ADA, **body})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def entry(dodo: DodoShop, customer: dict[str, Any], kind: str, amount: int, **more: object) -> httpx2.Response:
    body = {"entry_type": kind, "amount": amount, "currency": "USD", **more}
    return dodo.http.post(f"/customers/{customer['customer_id']}/wallets/ledger-entries", json=body)


def entries(dodo: DodoShop, customer: dict[str, Any], **query: Any) -> list[dict[str, Any]]:
    answer = dodo.http.get(f"/customers/{customer['customer_id']}/wallets/ledger-entries", params=query)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


def wallets(dodo: DodoShop, customer: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = dodo.http.get(f"/customers/{customer['customer_id']}/wallets").json()
    return found


# Customers


def test_a_customer_is_kept_with_phone_metadata_and_language(dodo: DodoShop) -> None:
    found = made(dodo, phone_number="+491", metadata={"tier": "gold", "n": 3}, preferred_locale="de")
    conform("CustomerResponse", found)
    assert (found["phone_number"], found["metadata"]) == ("+491", {"tier": "gold", "n": "3"})
    assert dodo.http.get(f"/customers/{found['customer_id']}").json() == found


def test_a_change_keeps_what_it_does_not_name(dodo: DodoShop) -> None:
    found = made(dodo, phone_number="+491", metadata={"a": "b"})
    path = f"/customers/{found['customer_id']}"
    changed = dodo.http.patch(path, json={"email": " Grace@Example.com ", "name": "Grace"}).json()
    assert (changed["email"], changed["name"], changed["phone_number"]) == ("Grace@example.com", "Grace", "+491")
    untouched = dodo.http.patch(path, json={"name": None, "email": None, "metadata": None}).json()
    assert untouched == changed
    assert dodo.http.patch(path, json={"phone_number": None, "metadata": {}}).json() == {
        **changed,
        "phone_number": None,
        "metadata": {},
    }
    conform("CustomerResponse", changed)
    assert dodo.http.patch("/customers/cus_x", json={"name": "x"}).status_code == 404


def test_an_email_may_become_one_that_another_customer_has(dodo: DodoShop) -> None:
    made(dodo)
    other = made(dodo, email="grace@example.com")
    assert dodo.http.patch(f"/customers/{other['customer_id']}", json={"email": "ada@example.com"}).status_code == 200


def test_the_list_is_narrowed_by_email_name_and_time(dodo: DodoShop) -> None:
    made(dodo, name="Ada Byron")
    grace = made(dodo, email="grace@example.com", name="Grace")

    def found(**query: str) -> list[str]:
        answer = dodo.http.get("/customers", params=query)
        conform("GetCustomersListResponse", answer.json())
        return [item["email"] for item in answer.json()["items"]]

    assert found() == ["grace@example.com", "ada@example.com"], "newest first"
    assert found(email="ADA@example.com") == found(name="byron") == ["ada@example.com"]
    assert found(created_at_gte=grace["created_at"]) == ["grace@example.com"]
    assert found(created_at_lte="2020-01-01T00:00:00Z") == []
    assert dodo.http.get("/customers", params={"created_at_gte": "then"}).status_code == 422


def test_a_team_of_the_other_api_shows_its_owners_email(dodo: DodoShop) -> None:
    headers = {"Authorization": f"Bearer {dodo.demo.polar_token}"}
    body = {"type": "team", "name": "Engines", "owner": {"email": "grace@example.com"}}
    assert dodo.http.post("/v1/customers/", json=body, headers=headers).status_code == 201
    listed = dodo.http.get("/customers").json()
    conform("GetCustomersListResponse", listed)
    team = listed["items"][0]
    assert (team["name"], team["email"]) == ("Engines", "grace@example.com")
    assert dodo.http.get(f"/customers/{team['customer_id']}").json() == team
    session = dodo.session("P", customer={"customer_id": team["customer_id"]})
    assert dodo.stored(session).buyer.email == "grace@example.com"
    dodo.pay(session)
    assert dodo.payment_of(session)["customer"]["email"] == "grace@example.com"
    code = {"type": "percentage", "amount": 500, "code": "TEAM", "customer_eligibility": "specific"}
    discount = f"/discounts/{dodo.http.post('/discounts', json=code).json()['discount_id']}/customers"
    assert dodo.http.post(discount, json={"customer_ids": [team["customer_id"]]}).status_code == 200
    assert dodo.http.get(discount).json() == {"items": [team]}


def test_nobody_has_saved_payment_methods_yet(dodo: DodoShop) -> None:
    path = f"/customers/{made(dodo)['customer_id']}/payment-methods"
    assert dodo.http.get(path).json() == {"items": []}
    assert dodo.http.get("/customers/cus_x/payment-methods").status_code == 404


# Who a purchase belongs to


def test_a_purchase_belongs_to_the_newest_customer_of_its_email_compared_without_case(dodo: DodoShop) -> None:
    made(dodo, email="ADA@example.com")
    newest = made(dodo, email="Ada@Example.com")
    made(dodo, email="grace@example.com")
    session = dodo.session("P", customer={"email": " ada@EXAMPLE.com "})
    dodo.pay(session)
    assert dodo.payment_of(session)["customer"]["customer_id"] == newest["customer_id"]


def test_always_create_makes_a_customer_even_for_a_known_email(dodo: DodoShop) -> None:
    known = made(dodo)
    session = dodo.session("P", customer=ADA, feature_flags={"always_create_new_customer": True})
    dodo.pay(session)
    assert dodo.payment_of(session)["customer"]["customer_id"] != known["customer_id"]
    assert dodo.row_counts()["customers"] == 2


# Wallets


def test_a_customer_without_credit_has_no_wallets(dodo: DodoShop) -> None:
    found = wallets(dodo, made(dodo))
    assert found == {"items": [], "total_balance_usd": 0}
    conform("CustomerWalletsResponse", found)


def test_credit_and_debit_move_one_wallet_per_currency(dodo: DodoShop) -> None:
    ada = made(dodo)
    first = entry(dodo, ada, "credit", 1000, reason="Welcome")
    conform("CustomerWalletResponse", first.json())
    assert (first.status_code, first.json()["balance"]) == (200, 1000)
    assert entry(dodo, ada, "debit", 300).json()["balance"] == 700
    assert entry(dodo, ada, "credit", 500, currency="EUR").json()["balance"] == 500
    found = wallets(dodo, ada)
    conform("CustomerWalletsResponse", found)
    assert {item["currency"]: item["balance"] for item in found["items"]} == {"USD": 700, "EUR": 500}
    assert 700 + 400 < found["total_balance_usd"] < 700 + 800, "the euros are worth something in dollars"
    told = entries(dodo, ada)
    conform("CustomerWalletTransactionsResponse", {"items": told})
    assert [(one["amount"], one["is_credit"], one["before_balance"], one["after_balance"]) for one in told] == [
        (500, True, 0, 500),
        (300, False, 1000, 700),
        (1000, True, 0, 1000),
    ]
    assert (told[2]["reason"], told[2]["event_type"]) == ("Welcome", "merchant_adjustment")
    assert [one["currency"] for one in entries(dodo, ada, currency="EUR")] == ["EUR"]
    assert [one["amount"] for one in entries(dodo, ada, page_size=1, page_number=1)] == [300]


def test_a_debit_below_zero_is_refused_and_leaves_no_entry(dodo: DodoShop) -> None:
    ada = made(dodo)
    entry(dodo, ada, "credit", 100)
    for currency, amount in (("USD", 101), ("EUR", 1)):
        answer = entry(dodo, ada, "debit", amount, currency=currency)
        assert (answer.status_code, answer.json()["code"]) == (400, "INSUFFICIENT_WALLET_FUNDS")
    assert len(entries(dodo, ada)) == 1
    assert entry(dodo, ada, "debit", 100).json()["balance"] == 0


def test_the_same_key_counts_once_and_only_for_the_same_entry(dodo: DodoShop) -> None:
    ada = made(dodo)
    for _ in range(2):
        assert entry(dodo, ada, "credit", 100, idempotency_key="k").json()["balance"] == 100
    answer = entry(dodo, ada, "credit", 200, idempotency_key="k")
    assert (answer.status_code, answer.json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    other = made(dodo, email="grace@example.com")
    assert entry(dodo, other, "credit", 200, idempotency_key="k").json()["balance"] == 200


def test_many_debits_at_once_never_spend_the_same_credit_twice(dodo: DodoShop) -> None:
    ada = made(dodo)
    entry(dodo, ada, "credit", 500)
    with ThreadPoolExecutor(20) as crowd:
        answers = list(crowd.map(lambda _: entry(dodo, ada, "debit", 100).status_code, range(20)))
    assert sorted(answers) == [200] * 5 + [400] * 15
    assert wallets(dodo, ada)["items"][0]["balance"] == 0


@table(
    "wrong",
    [
        {"amount": 0},
        {"amount": -5},
        {"amount": 1.5},
        {"amount": "5"},
        {"currency": "usd"},
        {"currency": "XXX"},
        {"entry_type": "gift"},
        {"idempotency_key": "k" * 256},
    ],
)
def test_an_entry_that_makes_no_sense_is_refused(dodo: DodoShop, wrong: dict[str, Any]) -> None:
    ada = made(dodo)
    body: dict[str, Any] = {"entry_type": "credit", "amount": 5, "currency": "USD", **wrong}
    answer = dodo.http.post(f"/customers/{ada['customer_id']}/wallets/ledger-entries", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_REQUEST_BODY")
    assert entries(dodo, ada) == []


def test_a_balance_never_outgrows_what_can_be_counted(dodo: DodoShop) -> None:
    ada = made(dodo)
    assert entry(dodo, ada, "credit", 2**63 - 1).json()["balance"] == 2**63 - 1
    assert entry(dodo, ada, "credit", 1).status_code == 422


def test_wallets_belong_to_a_customer_who_exists_in_this_business(dodo: DodoShop) -> None:
    foreign = {"customer_id": made(DodoShop(dodo.server, dodo.server.new_shop()))["customer_id"]}
    for customer in ({"customer_id": "cus_x"}, foreign):
        base = f"/customers/{customer['customer_id']}/wallets"
        assert dodo.http.get(base).status_code == dodo.http.get(f"{base}/ledger-entries").status_code == 404
        assert entry(dodo, customer, "credit", 5).status_code == 404
    assert (
        dodo.http.get(f"/customers/{made(dodo)['customer_id']}/wallets/ledger-entries?currency=no").status_code == 422
    )


def test_a_key_that_only_reads_moves_nothing(dodo: DodoShop) -> None:
    ada = made(dodo)
    headers = {"Authorization": f"Bearer {dodo.key('customers:read')}"}
    base = f"/customers/{ada['customer_id']}/wallets"
    assert dodo.http.get(base, headers=headers).status_code == 200
    body = {"entry_type": "credit", "amount": 5, "currency": "USD"}
    assert dodo.http.post(f"{base}/ledger-entries", json=body, headers=headers).status_code == 403


# The official client


def test_the_official_client_works_with_customers_and_wallets(dodo: DodoShop) -> None:
    with DodoPayments(bearer_token=dodo.demo.dodo_key, base_url=dodo.server.url) as sdk:
        ada = sdk.customers.create(email="ada@example.com", name="Ada", phone_number="+491", metadata={"a": "b"})
        assert sdk.customers.update(ada.customer_id, name="Ada Byron").name == "Ada Byron"
        assert sdk.customers.retrieve(ada.customer_id).phone_number == "+491"
        assert [item.email for item in sdk.customers.list(email="ada@example.com").items] == ["ada@example.com"]
        assert sdk.customers.retrieve_payment_methods(ada.customer_id).items == []
        ledger = sdk.customers.wallets.ledger_entries
        wallet = ledger.create(ada.customer_id, amount=900, currency="USD", entry_type="credit", idempotency_key="one")
        assert (wallet.balance, wallet.currency) == (900, "USD")
        with pytest.raises(BadRequestError, match="INSUFFICIENT_WALLET_FUNDS"):
            ledger.create(ada.customer_id, amount=901, currency="USD", entry_type="debit")
        assert sdk.customers.wallets.list(ada.customer_id).total_balance_usd == 900
        assert [item.after_balance for item in ledger.list(ada.customer_id).items] == [900]
