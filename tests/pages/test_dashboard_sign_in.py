"""The door of the dashboard: who gets in, how long they stay, and what a form must prove."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest
from playwright.sync_api import Browser

from checkstand.app import PublicUrl
from checkstand.web.dashboard.passwords import PasswordChecks, TooBusy
from checkstand.web.dashboard.sign_in import Door
from tests.pages.visitor import Visitor, screen, visitor
from tests.server import RunningServer
from tests.tables import table

EVERY_ROOM = (
    "",
    "/products",
    "/products/new",
    "/products/{product}",
    "/products/{product}/edit",
    "/products/{product}/integrate",
    "/products/{product}/archive",
    "/sales",
    "/sales/checkouts",
    "/customers",
    "/settings",
    "/settings/tokens",
    "/settings/tokens/new",
)


def at_the_door(server: RunningServer) -> Visitor:
    return visitor(server, server.new_shop(), signed_in=False)


def run(server: RunningServer, statement: str, *arguments: object) -> None:
    server.run(server.services.ports.db.execute(statement, *arguments))


def test_signing_in_leads_to_the_organization(server: RunningServer) -> None:
    person = at_the_door(server)
    answer = person.sign_in()
    assert (answer.status_code, answer.headers["location"]) == (303, "/dashboard")
    assert person.get("/dashboard").url.path == person.home


def test_a_wrong_password_and_an_unknown_person_are_answered_alike(server: RunningServer) -> None:
    person = at_the_door(server)
    answers = []
    for email in (person.shop.email, "nobody@checkstand.localhost"):
        began = time.monotonic()
        answer = person.sign_in(email=email, password="not the password")
        answers.append((answer.status_code, answer.text.replace(email, ""), time.monotonic() - began >= 0.3))
    assert answers[0] == answers[1]
    assert answers[0][0] == 422
    assert answers[0][2]


def test_guessing_shuts_the_door_even_for_the_right_password(server: RunningServer) -> None:
    person = at_the_door(server)
    for _ in range(10):
        assert person.sign_in(password="guess").status_code == 422
    assert person.sign_in().status_code == 429
    assert visitor(server, server.new_shop()).get("").status_code == 200


def test_many_guesses_at_once_keep_nobody_else_waiting(server: RunningServer) -> None:
    """From one address 40 people guess at the same moment; from another one a member signs in meanwhile."""
    person = at_the_door(server)
    elsewhere = httpx2.HTTPTransport(local_address="127.0.0.9")

    with httpx2.Client(base_url=server.url, transport=elsewhere, timeout=60) as guesser, ThreadPoolExecutor(40) as many:

        def guess(number: int) -> int:
            fields = {"email": f"nobody-{number}@example.com", "password": "guess"}
            return guesser.post("/dashboard/login", data=fields).status_code

        guesses = [many.submit(guess, number) for number in range(40)]
        assert person.sign_in().status_code == 303
        checked_before = sum(found.done() and found.result() == 422 for found in guesses)
        codes = {found.result() for found in guesses}
    assert codes == {422, 503}
    assert checked_before <= 10, "those of one address have eight places in the queue"


def test_one_address_waits_in_few_places_and_leaves_the_others_free() -> None:
    checks = PasswordChecks()
    with contextlib.ExitStack() as waiting:
        for _ in range(8):
            waiting.enter_context(checks.place("192.0.2.1"))
        with pytest.raises(TooBusy):
            waiting.enter_context(checks.place("192.0.2.1"))
        for number in range(24):
            waiting.enter_context(checks.place(f"198.51.100.{number}"))
        with pytest.raises(TooBusy):
            waiting.enter_context(checks.place("203.0.113.1"))
        assert checks.underway("192.0.2.1") == 8
    assert checks.underway("192.0.2.1") == 0
    with checks.place("203.0.113.1"):
        assert checks.underway("203.0.113.1") == 1


def test_tries_under_way_count_before_their_passwords_are_checked() -> None:
    door = Door()
    for _ in range(95):
        door.failed("192.0.2.1")
    assert not door.is_shut("192.0.2.1", "a@example.com", underway=4)
    assert door.is_shut("192.0.2.1", "b@example.com", underway=5)
    assert not door.is_shut("192.0.2.2", "b@example.com", underway=5)


def test_the_email_is_found_in_any_case_and_kept_when_the_password_is_wrong(server: RunningServer) -> None:
    person = at_the_door(server)
    wrong = person.sign_in(password="wrong")
    assert f'value="{person.shop.email}"' in wrong.text
    assert person.sign_in(email=person.shop.email.upper()).status_code == 303


def test_the_session_cookie_is_unseen_by_scripts_and_random(server: RunningServer) -> None:
    person = at_the_door(server)
    cookie = person.sign_in().headers["set-cookie"]
    assert cookie.startswith("checkstand_session=")
    for part in ("HttpOnly", "SameSite=lax", "Path=/"):
        assert part in cookie
    assert person.sign_in().headers["set-cookie"] != cookie


@pytest.fixture
def by_https(server: RunningServer) -> Iterator[None]:
    address = server.services.ports.public_url
    assert isinstance(address, PublicUrl)
    before = address.value
    address.value = "https://pay.example.com"
    yield
    address.value = before


@pytest.mark.usefixtures("by_https")
def test_over_https_the_cookie_is_bound_to_the_host(server: RunningServer) -> None:
    cookie = at_the_door(server).sign_in().headers["set-cookie"]
    assert cookie.startswith("__Host-checkstand_session=")
    assert "Secure" in cookie
    assert "Domain" not in cookie


def test_a_new_sign_in_ends_the_session_that_the_browser_had(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    old = person.client.cookies["checkstand_session"]
    person.sign_in()
    stranger = httpx2.get(f"{server.url}{person.home}", cookies={"checkstand_session": old})
    assert stranger.headers["location"].startswith("/dashboard/login")


def test_a_session_ends_when_it_is_idle_for_twelve_hours_and_lives_on_while_it_is_used(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    hashed = server.services.authenticator.hash(person.client.cookies["checkstand_session"])
    run(server, "UPDATE user_sessions SET expires_at = now() + interval '1 hour' WHERE token_hash = $1", hashed)
    assert person.get("").status_code == 200
    left = server.value(
        "SELECT expires_at - now() > interval '11 hours' FROM user_sessions WHERE token_hash = $1", hashed
    )
    assert left is True
    run(server, "UPDATE user_sessions SET expires_at = now() WHERE token_hash = $1", hashed)
    assert person.get("").url.path == "/dashboard/login"


def test_signing_out_ends_the_session_on_the_server(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    copied = person.client.cookies["checkstand_session"]
    assert person.post("/dashboard/logout").headers["location"] == "/dashboard/login"
    answer = httpx2.get(f"{server.url}{person.home}", cookies={"checkstand_session": copied})
    assert answer.status_code == 303


@table("room", EVERY_ROOM)
def test_every_room_asks_for_sign_in_and_remembers_where_to_go(server: RunningServer, room: str) -> None:
    person = at_the_door(server)
    path = person.home + room.format(product=person.shop.products["one_time"].id)
    answer = person.client.get(path)
    assert answer.status_code == 303
    form = person.client.get(answer.headers["location"]).text
    assert f'name="next" value="{path}"' in form
    signed_in = person.client.post(
        "/dashboard/login", data={"email": person.shop.email, "password": person.shop.password, "next": path}
    )
    assert signed_in.headers["location"] == path


@table(
    "bad",
    [
        "https://evil.example",
        "//evil.example",
        "/dashboard//evil.example",
        "/dashboard\\@evil",
        "/v1/products",
        "/dashboard/../../x",
        "/dashboard/./x",
        "/dashboard/%2e%2e/x",
        "/dashboard/..",
    ],
)
def test_sign_in_leads_nowhere_else(server: RunningServer, bad: str) -> None:
    person = at_the_door(server)
    fields = {"email": person.shop.email, "password": person.shop.password, "next": bad}
    assert person.client.post("/dashboard/login", data=fields).headers["location"] == "/dashboard"


@table("room", EVERY_ROOM)
def test_other_peoples_organizations_do_not_exist(server: RunningServer, room: str) -> None:
    person = visitor(server, server.new_shop())
    other = server.new_shop()
    path = room.format(product=other.products["one_time"].id)
    assert person.get(f"/dashboard/{other.organization.slug}{path}").status_code == 404
    if "{product}" in room:
        assert person.get(path).status_code == 404


def test_nothing_of_other_organizations_can_be_changed(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    other = server.new_shop()
    product = other.products["one_time"].id
    for path in ("archive", "duplicate", "edit", "checkout"):
        assert person.post(f"/dashboard/{other.organization.slug}/products/{product}/{path}").status_code == 404
        assert person.post(f"/products/{product}/{path}", {"name": "mine now"}).status_code == 404
    assert not server.value("SELECT is_archived FROM products WHERE id = $1", product)


def test_a_form_without_its_sessions_token_changes_nothing(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    other = visitor(server, server.new_shop())
    path = f"/products/{person.shop.products['one_time'].id}/archive"
    for token in ("", "x" * 43, other.hidden["csrf"]):
        assert person.post(path, {"csrf": token}).status_code == 403
    assert not server.value("SELECT is_archived FROM products WHERE id = $1", person.shop.products["one_time"].id)
    assert person.post("/dashboard/logout", {"csrf": "x"}).status_code == 403
    assert person.get("").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
def test_a_form_from_another_site_changes_nothing_even_with_the_right_token(
    server: RunningServer, headers: dict[str, str]
) -> None:
    person = visitor(server, server.new_shop())
    path = f"{person.home}/products/{person.shop.products['one_time'].id}/archive"
    assert person.client.post(path, data=person.hidden, headers=headers).status_code == 403
    fields = {"email": person.shop.email, "password": person.shop.password}
    assert person.client.post("/dashboard/login", data=fields, headers=headers).status_code == 403


def test_who_may_only_read_sees_everything_and_changes_nothing(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    run(server, "UPDATE memberships SET role = 'read_only' WHERE organization_id = $1", person.shop.organization.id)
    product = person.shop.products["one_time"].id
    page = person.get("/products")
    assert "Field Guide" in page.text
    assert "New product" not in page.text
    assert "Archive Product" not in page.text
    for path in (f"/products/{product}/archive", "/products/new", "/settings/tokens/new"):
        assert person.post(path, {"name": "x"}).status_code == 403


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"\xff\xfe", "application/x-www-form-urlencoded"),
        (b"email=a%00b&password=x", "application/x-www-form-urlencoded"),
        (b'{"email": "a"}', "application/json"),
        (b"&".join(b"a=1" for _ in range(600)), "application/x-www-form-urlencoded"),
    ],
)
def test_damaged_forms_are_refused_politely(server: RunningServer, body: bytes, kind: str) -> None:
    person = visitor(server, server.new_shop())
    for path in ("/dashboard/login", f"{person.home}/products/new"):
        answer = person.client.post(path, content=body, headers={"Content-Type": kind})
        assert answer.status_code == 400
        assert answer.headers["content-type"].startswith("text/html")


def test_unknown_pages_are_told_in_the_frame_and_a_slash_too_many_is_forgiven(server: RunningServer) -> None:
    person = visitor(server, server.new_shop())
    assert person.get("/no/such/room").status_code == 404
    assert "There is no such page" in person.get("/products/not-an-id").text
    assert person.get("/products/").url.path == f"{person.home}/products"
    assert person.get("/products?q=%00&page=99999999999").status_code == 200


@pytest.mark.parametrize("scripts", [True, False])
def test_a_person_signs_in_by_the_form_in_a_browser(browser: Browser, server: RunningServer, scripts: bool) -> None:
    view = screen(browser, server, server.new_shop(), scripts=scripts, signed_in=False)
    view.sign_in()
    assert view.page.get_by_role("heading", level=1).is_visible()
    view.close()
