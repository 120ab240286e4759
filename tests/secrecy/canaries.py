"""Thirty secrets that are each recognisable, and a walk that carries them through every door of a running server.

A canary is looked for by its `marks`: pieces so particular that finding one means that the secret, or most of it, was written down.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2

from checkstand.testing.demo import DemoShop
from tests.pages.visitor import Visitor

ADDRESS = {"country": "DE", "line1": "Ringstraße 1", "city": "Berlin", "postal_code": "10115"}


@dataclass(frozen=True, slots=True)
class Canary:
    """A secret. `kept`: why the database may hold it as it is; everything else must be hashed, shortened or forgotten."""

    name: str
    value: str
    marks: tuple[str, ...]
    kept: str | None = None


def typed(name: str, value: str, *marks: str, kept: str | None = None) -> Canary:
    """Something without a tell-tale beginning: all of it is looked for."""
    return Canary(name, value, marks or (value,), kept)


def token(name: str, value: str, *, kept: str | None = None) -> Canary:
    """Something long: its beginning may be shown, its end may not."""
    return Canary(name, value, (value[-16:],), kept)


def card(name: str, number: str) -> Canary:
    """A card number: neither whole nor without its last four."""
    digits = "".join(character for character in number if character.isdigit())
    return Canary(name, number, (number, digits, digits[4:12]))


def random(prefix: str, length: int = 40) -> str:
    return prefix + secrets.token_hex(length // 2)


@dataclass(slots=True)
class Flock:
    """All canaries of one server, by name."""

    birds: dict[str, Canary] = field(default_factory=dict)

    def add(self, canary: Canary) -> str:
        assert canary.name not in self.birds
        self.birds[canary.name] = canary
        return canary.value

    def __getitem__(self, name: str) -> str:
        return self.birds[name].value

    def found_in(self, text: str, *, but_kept: bool = False) -> list[str]:
        """The names of those that a text holds, as they are or as the hexadecimal form of their bytes."""
        return [
            bird.name
            for bird in self.birds.values()
            if not (but_kept and bird.kept) and any(mark in text or mark.encode().hex() in text for mark in bird.marks)
        ]


def hatch(shop: DemoShop) -> Flock:
    """The secrets of a shop, and those that will be typed."""
    flock = Flock()
    for canary in (
        card("card number that pays", "4242 4242 4242 4242"),
        card("card number that is declined", "4000-0000-0000-9995"),
        card("card number that asks for 3-D Secure", "4000002760003184"),
        card("card number of the test controls", "4000000000000069"),
        card("real card number", "4539 5787 6362 1486"),
        card("mistyped card number", "4929123456789013"),
        card("card number in a broken body", "5424180279791732"),
        card("card number in a query", "6011000990139424"),
        typed("CVC", "cvc 7391"),
        typed("IBAN", "FR14 2004 1010 0505 0001 3M02 606", "FR14 2004 1010 0505 0001", "FR1420041010050500013M02606"),
        typed("account number", "000555555559"),
        typed("refused account number", "998877665541"),
        typed("routing number", "123987654"),
        typed("UPI id", "canary.bird@upi"),
        token("confirmation token", random("ctoken_")),
        token("Polar access token", shop.polar_token),
        token("Dodo API key", shop.dodo_key),
        token("access token that nobody has", random("polar_oat_")),
        token("access token in a path", random("polar_oat_")),
        typed("password of a Basic authorization", random("", 20)),
        typed("dashboard password", shop.password),
        typed("wrong dashboard password", "correct horse battery canary"),
        token("webhook secret", random("whsec_"), kept="every delivery is signed with it"),
        typed("password in a webhook's address", random("", 20), kept="deliveries are sent to that address"),
        typed("token in a webhook's address", random("", 24), kept="deliveries are sent to that address"),
        typed("header of a webhook", random("", 24), kept="deliveries are sent with it"),
        token("signed address", random("", 64)),
        token("Stripe secret key", random("sk_test_")),
        token("Stripe webhook secret", random("whsec_")),
        typed("mail server's password", random("", 20)),
    ):  # fmt: skip
        flock.add(canary)
    return flock


@dataclass(slots=True)
class Walk:
    """A caller who takes all secrets to every address of a server. `answers` has each address and its status."""

    url: str
    shop: DemoShop
    flock: Flock
    answers: list[tuple[str, int]] = field(default_factory=list)

    def call(self, method: str, path: str, **more: Any) -> httpx2.Response:
        answer = httpx2.request(method, self.url + path, timeout=30, **more)
        self.answers.append((f"{method} {path}", answer.status_code))
        return answer

    def polar(self, method: str, path: str, body: object = None, **headers: str) -> httpx2.Response:
        given = {"Authorization": f"Bearer {self.shop.polar_token}", **headers}
        return self.call(method, path, headers=given, **({} if body is None else {"json": body}))

    def dodo(self, method: str, path: str, body: object = None) -> httpx2.Response:
        return self.call(method, path, headers={"Authorization": f"Bearer {self.shop.dodo_key}"}, json=body)

    def session(self, label: str = "one_time", **more: object) -> dict[str, Any]:
        made = self.polar("POST", "/v1/checkouts/", {"products": [str(self.shop.products[label].id)], **more})
        assert made.status_code == 201, made.text
        return dict(made.json())

    def everywhere(self) -> None:
        """Through all doors."""
        self.pay_on_the_page()
        self.pay_with_other_methods()
        self.confirm_by_api()
        self.use_test_controls()
        self.send_nonsense()
        self.listen()
        self.sign_in()

    def pay_on_the_page(self) -> None:
        flock = self.flock
        for name in [name for name in flock.birds if name.startswith(("card number that", "real", "mistyped"))]:
            made = self.session(customer_email="ada@example.com", customer_billing_address=ADDRESS)
            if "client secret" not in flock.birds:
                flock.add(
                    token(
                        "client secret", made["client_secret"], kept="the API shows it again, and pages are found by it"
                    )
                )
            path = f"/checkout/{made['client_secret']}"
            self._page(path, {"method": "card", "card_number": flock[name], "card_exp": "12/34", "card_cvc": "123"})
            self._page(
                path, {"method": "card", "card_number": flock[name], "card_exp": "12/34", "card_cvc": flock["CVC"]}
            )

    def _page(self, path: str, fields: dict[str, str]) -> httpx2.Response:
        """The form of a page, posted as its button does."""
        with httpx2.Client(base_url=self.url, timeout=30) as client:
            buyer = Visitor(client, self.shop)
            buyer._remember(client.get(path))
            contact = {"email": "ada@example.com", "name": "Ada", **ADDRESS}
            answer = client.post(
                f"{path}/pay", data={**buyer.hidden, **contact, **fields}, headers={"Sec-Fetch-Site": "same-origin"}
            )
        self.answers.append((f"POST {path}/pay", answer.status_code))
        return answer

    def pay_with_other_methods(self) -> None:
        flock = self.flock
        american = {
            "country": "US",
            "line1": "1 Main Street",
            "city": "New York",
            "state": "US-NY",
            "postal_code": "10001",
        }
        for fields in (
            {"method": "ach", "bank_account": flock["account number"], "bank_routing": "110000000"},
            {"method": "ach", "bank_account": flock["refused account number"], "bank_routing": flock["routing number"]},
            {"method": "sepa", "bank_iban": flock["IBAN"]},
            {"method": "upi_collect", "upi_id": flock["UPI id"]},
        ):
            made = self.session(customer_billing_address=american)
            self._page(f"/checkout/{made['client_secret']}", {**american, **fields})
        for method, name in (("ach", "account number"), ("sepa", "IBAN"), ("upi_collect", "UPI id")):
            made = self.session()
            self.polar(
                "POST",
                f"/_test/checkouts/{made['id']}/pay",
                {"method": method, "account": flock[name], "country": "US"},
            )

    def confirm_by_api(self) -> None:
        made = self.session()
        ready = {"customer_email": "ada@example.com", "customer_billing_address": ADDRESS}
        path = f"/v1/checkouts/client/{made['client_secret']}"
        given = self.flock["confirmation token"]
        assert self.call("POST", f"{path}/confirm", json={**ready, "confirmation_token_id": given}).status_code == 400
        assert (
            self.call("POST", f"{path}/confirm", json={**ready, "confirmation_token_id": "ctoken_visa"}).status_code
            == 200
        )
        order = self.polar("GET", "/v1/orders/").json()["items"][0]
        self.polar("POST", "/v1/refunds/", {"order_id": order["id"], "amount": 100, "reason": "customer_request"})
        self.dodo("POST", "/refunds", {"payment_id": self.flock["card number in a query"]})

    def use_test_controls(self) -> None:
        for name in ("card number of the test controls", "card number that asks for 3-D Secure", "real card number"):
            made = self.session()
            body = {"card": self.flock[name], "cvc": self.flock["CVC"], "challenge": "leave"}
            self.polar("POST", f"/_test/checkouts/{made['id']}/pay", body)
        made = self.session()
        paid = self.polar("POST", f"/_test/checkouts/{made['id']}/pay", {"card": self.flock["card number that pays"]})
        assert paid.status_code == 200, paid.text
        self.polar("POST", "/_test/clock", {"advance": self.flock["real card number"]})

    def send_nonsense(self) -> None:
        """Broken bodies, wrong types, wrong places, wrong keys: each with a secret in it."""
        flock, sold = self.flock, str(self.shop.products["one_time"].id)
        number, key = flock["card number in a broken body"], flock["access token that nobody has"]
        own = {"Authorization": f"Bearer {self.shop.polar_token}"}
        for body in (
            f'{{"card": "{number}"',
            f'{{"products": ["{number}"]}}',
            f'{{"amount": "{number}", "products": ["{sold}"]}}',
        ):
            self.call(
                "POST", "/v1/checkouts/", content=body.encode(), headers={**own, "Content-Type": "application/json"}
            )
            self.call(
                "POST", "/checkouts", content=body.encode(), headers={"Authorization": f"Bearer {self.shop.dodo_key}"}
            )
        for path in ("/v1/checkouts/", "/checkouts", "/_test/clock"):
            self.call("GET", path, headers={"Authorization": f"Bearer {key}"})
            self.call("GET", path, auth=("user", flock["password of a Basic authorization"]))
            self.call("GET", path, params={"card": flock["card number in a query"], "access_token": key}, headers=own)
        lost = flock["access token in a path"]
        for path in (
            f"/{lost}",
            f"/v1/{lost}",
            f"/v1/checkouts/{lost}",
            f"/checkout/{lost}",
            f"/bank/{lost}",
            f"/dashboard/{lost}",
        ):
            self.call("GET", path)
        for path in ("/files/", "/uploads/files/", "/uploads/images/", "/images/", "/s/", "/buy/"):
            self.call("GET", path + flock["signed address"])
            self.call("PUT", path + flock["signed address"], content=b"x")
        again = {"Idempotency-Key": "a key that is no secret"}
        for _ in range(2):
            self.polar("POST", "/v1/checkouts/", {"products": [sold]}, **again)
        self.call(
            "POST",
            "/gateway/stripe/webhook",
            content=b"{}",
            headers={"Stripe-Signature": flock["Stripe webhook secret"]},
        )

    def listen(self) -> None:
        """Endpoints that do not answer, with a purchase that is told to them."""
        flock = self.flock
        password, given = flock["password in a webhook's address"], flock["token in a webhook's address"]
        where = f"http://127.0.0.1:9/{password}/hook?token={given}"
        body = {
            "url": where,
            "format": "raw",
            "events": ["checkout.created", "order.paid"],
            "secret": flock["webhook secret"],
        }
        self.polar("POST", "/v1/webhooks/endpoints", body)
        self.polar("POST", "/v1/webhooks/endpoints", {**body, "url": "http://127.0.0.1:9/hook"})
        self.dodo(
            "POST",
            "/webhooks",
            {"url": "http://127.0.0.1:9/dodo", "headers": {"X-Canary": flock["header of a webhook"]}},
        )
        self.session()
        self.polar("POST", "/_test/settle", {})

    def sign_in(self) -> None:
        flock = self.flock
        with httpx2.Client(base_url=self.url, timeout=30) as client:
            person = Visitor(client, self.shop)
            for password in (flock["wrong dashboard password"], flock["dashboard password"]):
                answer = person.sign_in(password=password)
                self.answers.append(("POST /dashboard/login", answer.status_code))
            assert answer.status_code == 303
            for cookie in client.cookies.jar:
                flock.add(token(f"cookie {cookie.name}", str(cookie.value)))
            for path in ("", "/checkouts", "/tokens", "/webhooks", f"/{flock['access token in a path']}"):
                person.get(path)
            # Another text on each page, so not even a form's own token is stored as it was shown.
            flock.add(token("form token", person.hidden["csrf"]))


def outside(answers: list[tuple[str, int]]) -> Iterator[tuple[str, int]]:
    """Doors that did not behave: a fault of the server's own."""
    return (answer for answer in answers if answer[1] >= 500)
