"""The routes: Stripe's API as far as the gateway uses it, and `/_fake/...` for tests.

Every request needs a secret key (the frame's may be publishable), a known form of `Stripe-Version`, and, under an `Idempotency-Key`,
the same parameters as the first request under that key, whose answer is then given again.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fakes.stripe import customers, objects, pages, returns
from fakes.stripe.books import Answered, Books, Thing, matches, page
from fakes.stripe.cards import BY_NUMBER
from fakes.stripe.errors import Refused, invalid
from fakes.stripe.faults import KINDS, Fault, Faults, FaultyApi
from fakes.stripe.forms import decode
from fakes.stripe.news import News, Subscription

_KEY = re.compile(r"(sk|rk|pk)_(test|live)_[A-Za-z0-9_]{6,}")
_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(\.[a-z_]+)?")
_INTENT_PARAMS = frozenset(
    {
        "amount", "automatic_payment_methods", "confirm", "confirmation_token", "currency", "customer", "description",
        "expand", "metadata", "off_session", "payment_method", "return_url", "setup_future_usage", "usage", "use_stripe_sdk",
    }
)  # fmt: skip

Work = Callable[[Request, dict[str, Any]], Awaitable[Thing]]


def create_app(url: str, subscription: Subscription | None) -> Starlette:
    """The stand-in as an application; its state is its own."""
    books, faults = Books(url), Faults()
    news = News(books, [subscription] if subscription else [])

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        running = asyncio.create_task(news.run())
        yield
        running.cancel()

    cors = Middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"])
    app = Starlette(routes=_routes(), lifespan=lifespan, middleware=[cors, Middleware(FaultyApi, faults=faults)])
    app.state.books, app.state.faults, app.state.news = books, faults, news
    return app


def _routes() -> list[Route]:
    def api(path: str, method: str, work: Work, *, publishable: bool = False) -> Route:
        return Route(path, _endpoint(work, publishable=publishable), methods=[method])

    made = [api("/v1/confirmation_tokens", "POST", _typed_token, publishable=True)]
    made += [api("/v1/test_helpers/confirmation_tokens", "POST", _test_token)]
    made += [api("/v1/confirmation_tokens/{id}", "GET", _get("confirmation_token"))]
    made += [api("/v1/payment_intents/search", "GET", _search)]
    for kind in ("payment_intent", "setup_intent"):
        path = f"/v1/{kind}s"
        made += [
            api(path, "POST", _create_intent(kind)),
            api(path, "GET", _list(kind)),
            api(f"{path}/{{id}}", "GET", _get(kind)),
            api(f"{path}/{{id}}/confirm", "POST", _confirm_intent(kind)),
            api(f"{path}/{{id}}/cancel", "POST", _cancel_intent(kind)),
        ]
    for kind in ("charge", "refund", "dispute", "balance_transaction", "customer", "payment_method", "event"):
        made += [api(f"/v1/{kind}s", "GET", _list(kind)), api(f"/v1/{kind}s/{{id}}", "GET", _get(kind))]
    made += [api("/v1/refunds", "POST", _create_refund), api("/v1/customers", "POST", _create_customer)]
    made += [api("/v1/payment_methods/{id}/detach", "POST", _detach)]
    made += [api("/v1/payment_methods/{id}/attach", "POST", _attach), api("/v1/balance", "GET", _balance)]
    return [
        *made,
        Route("/v3/", pages.script),
        Route("/v3/card", pages.card_frame),
        Route("/v3/card.js", pages.card_script),
        Route("/_fake/3ds/{intent}", pages.challenge),
        Route("/_fake/3ds/{intent}", pages.answer, methods=["POST"]),
        Route("/_fake/intents/{intent}/finish", _finish, methods=["POST"]),
        Route("/_fake/refunds/{id}/finish", _finish_refund, methods=["POST"]),
        Route("/_fake/disputes", _open_dispute, methods=["POST"]),
        Route("/_fake/disputes/{id}", _move_dispute, methods=["POST"]),
        Route("/_fake/fees", _book_fees, methods=["POST"]),
        Route("/_fake/faults", _set_faults, methods=["POST", "DELETE"]),
        Route("/_fake/webhooks", _set_webhooks, methods=["POST"]),
        Route("/_fake/webhooks/settle", _settle_webhooks, methods=["POST"]),
        Route("/_fake/list", _audit),
    ]


# ---------------------------------------------------------------- one request


def _endpoint(work: Work, *, publishable: bool) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        books: Books = request.app.state.books
        headers = {"Request-Id": books.new_id("req")}
        try:
            _authorize(request, publishable=publishable)
            version = request.headers.get("stripe-version", "")
            if version and not _VERSION.fullmatch(version):
                raise invalid(f"Invalid Stripe API version: {version}")
            headers["Stripe-Version"] = version or "2026-10-28.endive"
            text = (await request.body()).decode() if request.method == "POST" else request.url.query
            key = request.headers.get("idempotency-key") if request.method == "POST" else None
            if key:
                status, body, replayed = await _once(request, key, text, work)
                headers |= {"Idempotency-Key": key} | ({"Idempotent-Replayed": "true"} if replayed else {})
            else:
                status, body = 200, await work(request, decode(text))
        except Refused as refused:
            status, body = refused.status, refused.body
        return JSONResponse(body, status_code=status, headers=headers)

    return answer


def _authorize(request: Request, *, publishable: bool) -> None:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    shape = _KEY.fullmatch(key)
    if scheme.lower() != "bearer" or not shape or "revoked" in key:
        raise invalid(f"Invalid API Key provided: {key[:8]}***", status=401)
    if shape[1] == "pk" and not publishable:
        message = "This API call cannot be made with a publishable API key. Please use a secret API key."
        raise invalid(message, code="secret_key_required", status=401)
    request.state.livemode = shape[2] == "live"


async def _once(request: Request, key: str, text: str, work: Work) -> tuple[int, Thing, bool]:
    """The answer under an idempotency key: executed by the first request, given again to the others."""
    answers: dict[str, Answered] = request.app.state.books.answers
    fingerprint = hashlib.sha256(f"{request.method} {request.url.path} {text}".encode()).hexdigest()
    known = answers.get(key)
    if known is not None and known.fingerprint != fingerprint:
        message = (
            "Keys for idempotent requests can only be used with the same parameters they were first used with. "
            f"Try using a key other than '{key}' if you meant to execute a different request."
        )
        raise Refused(400, "idempotency_error", message)
    if known is not None and known.status == 0:
        message = "There is currently another in-progress request using this Idempotency Key."
        raise Refused(409, "idempotency_error", message, code="idempotency_key_in_use")
    if known is not None:
        return known.status, known.body, True
    answers[key] = Answered(fingerprint)
    try:
        status, body = 200, await work(request, decode(text))
    except Refused as refused:
        if not refused.is_result:
            del answers[key]
            raise
        status, body = refused.status, refused.body
    except BaseException:
        del answers[key]
        raise
    answers[key] = Answered(fingerprint, status, body)
    return status, body, False


# ---------------------------------------------------------------- the API


def _create_intent(kind: str) -> Work:
    async def work(request: Request, params: dict[str, Any]) -> Thing:
        books: Books = request.app.state.books
        for name in params:
            if name not in _INTENT_PARAMS:
                raise invalid(f"Received unknown parameter: {name}", param=name, code="parameter_unknown")
        if params.get("confirm") == "true":
            _check_token(books, params)
        customers.check_customer(books, params)
        intent = objects.new_intent(books, kind, params, livemode=request.state.livemode)
        if params.get("confirm") == "true":
            objects.confirm(books, intent, params)
        return objects.shown(books, intent, params.get("expand", []))

    return work


def _check_token(books: Books, params: dict[str, Any]) -> None:
    """A token that is not there or used up leaves no intent behind."""
    if token_id := params.get("confirmation_token"):
        token = books.find("confirmation_token", token_id, param="confirmation_token")
        if token["payment_intent"] or token["setup_intent"]:
            message = "The provided ConfirmationToken has already been used."
            raise invalid(message, param="confirmation_token", code="confirmation_token_already_used")


def _confirm_intent(kind: str) -> Work:
    async def work(request: Request, params: dict[str, Any]) -> Thing:
        books: Books = request.app.state.books
        intent = books.find(kind, request.path_params["id"])
        objects.confirm(books, intent, params)
        return objects.shown(books, intent, params.get("expand", []))

    return work


def _cancel_intent(kind: str) -> Work:
    async def work(request: Request, params: dict[str, Any]) -> Thing:
        books: Books = request.app.state.books
        intent = books.find(kind, request.path_params["id"])
        objects.cancel(books, intent, params.get("cancellation_reason"))
        return objects.shown(books, intent, params.get("expand", []))

    return work


def _get(kind: str) -> Work:
    async def work(request: Request, params: dict[str, Any]) -> Thing:
        books: Books = request.app.state.books
        if kind == "event":
            found = next((event for event in books.events if event["id"] == request.path_params["id"]), None)
            return found or books.find(kind, request.path_params["id"])
        return objects.shown(books, books.find(kind, request.path_params["id"]), params.get("expand", []))

    return work


def _list(kind: str) -> Work:
    async def work(request: Request, params: dict[str, Any]) -> Thing:
        books: Books = request.app.state.books
        known = list(reversed(books.events)) if kind == "event" else books.all(kind)
        found = [thing for thing in known if matches(thing, params)]
        limit = min(int(params.get("limit", 10)), 100)
        answer = page(found, f"/v1/{kind}s", limit, params.get("starting_after"))
        expand = [path.removeprefix("data.") for path in params.get("expand", [])]
        return {**answer, "data": [objects.shown(books, thing, expand) for thing in answer["data"]]}

    return work


async def _search(request: Request, params: dict[str, Any]) -> Thing:
    books: Books = request.app.state.books
    asked = re.fullmatch(r"metadata\['(\w+)'\]:'([^']*)'", params.get("query", ""))
    if asked is None:
        raise invalid("We were unable to parse your search query.", param="query")
    found = [intent for intent in books.all("payment_intent") if intent["metadata"].get(asked[1]) == asked[2]]
    shown = [] if books.hides_from_search else [objects.public(intent) for intent in found]
    return {**page(shown, "/v1/payment_intents/search"), "object": "search_result", "next_page": None}


async def _typed_token(request: Request, params: dict[str, Any]) -> Thing:
    """What the card frame asks for with a publishable key: a token for typed card data."""
    books: Books = request.app.state.books
    data = params.get("payment_method_data", {})
    number = re.sub(r"\D", "", data.get("card", {}).get("number", ""))
    if number not in BY_NUMBER:
        raise Refused(402, "card_error", "Your card number is incorrect.", code="incorrect_number")
    billing = data.get("billing_details")
    token = objects.confirmation_token(books, BY_NUMBER[number], billing, params.get("return_url"))
    token["setup_future_usage"] = params.get("setup_future_usage")
    return objects.public(token)


async def _test_token(request: Request, params: dict[str, Any]) -> Thing:
    name = params.get("payment_method", "pm_card_visa")
    return objects.public(objects.confirmation_token(request.app.state.books, name, None, params.get("return_url")))


async def _create_refund(request: Request, params: dict[str, Any]) -> Thing:
    return objects.public(returns.refund(request.app.state.books, params))


async def _create_customer(request: Request, params: dict[str, Any]) -> Thing:
    books: Books = request.app.state.books
    known = {name: params.get(name) for name in ("email", "name", "description", "phone", "address")}
    made = {"id": books.new_id("cus"), "object": "customer", "created": int(time.time()), **known}
    customer = books.add({**made, "metadata": params.get("metadata", {}), "livemode": request.state.livemode})
    books.tell("customer.created", customer)
    return customer


async def _attach(request: Request, params: dict[str, Any]) -> Thing:
    books: Books = request.app.state.books
    customer = books.find("customer", params.get("customer", ""), param="customer")
    name = request.path_params["id"]
    known = name in books.objects.get("payment_method", {})
    method = books.find("payment_method", name) if known else objects.payment_method(books, name)
    method["customer"] = customer["id"]
    books.tell("payment_method.attached", method)
    return method


async def _detach(request: Request, _: dict[str, Any]) -> Thing:
    return objects.public(customers.detach(request.app.state.books, request.path_params["id"]))


async def _balance(request: Request, _: dict[str, Any]) -> Thing:
    empty = [{"amount": 0, "currency": "usd", "source_types": {"card": 0}}]
    return {"object": "balance", "available": empty, "pending": empty, "livemode": request.state.livemode}


# ---------------------------------------------------------------- for tests


async def _set_faults(request: Request) -> Response:
    state = request.app.state
    if request.method == "DELETE":
        state.faults.due.clear()
        state.books.hides_from_search = state.books.books_fees_later = False
        return JSONResponse({"met": state.faults.met})
    asked = await request.json()
    if "hide_from_search" in asked:
        state.books.hides_from_search = bool(asked["hide_from_search"])
    if "fees_later" in asked:
        state.books.books_fees_later = bool(asked["fees_later"])
    if "kind" in asked:
        if asked["kind"] not in KINDS:
            return JSONResponse({"error": f"kind must be one of {', '.join(KINDS)}"}, status_code=422)
        names = ("match", "kind", "times", "seconds")
        state.faults.due.append(Fault(**{"match": "", **{name: asked[name] for name in names if name in asked}}))
    if hooks := asked.get("webhooks"):
        news: News = state.news
        news.copies, news.held = int(hooks.get("copies", 1)), bool(hooks.get("hold", False))
        news.seed = hooks.get("seed")
    return JSONResponse(
        {"due": [{"match": one.match, "kind": one.kind, "times": one.times} for one in state.faults.due]}
    )


async def _set_webhooks(request: Request) -> Response:
    asked = await request.json()
    news: News = request.app.state.news
    news.subscriptions = [Subscription(asked["url"], asked["secret"])] if asked.get("url") else []
    return JSONResponse({"url": asked.get("url")})


async def _settle_webhooks(request: Request) -> Response:
    news: News = request.app.state.news
    made = await news.settle()
    return JSONResponse({"deliveries": made, "sent": news.sent[-made:] if made else []})


async def _finish(request: Request) -> Response:
    books: Books = request.app.state.books
    intent = pages.find_intent(books, request.path_params["intent"])
    asked = await request.json()
    objects.decide(books, intent, approved=asked.get("outcome", "succeeded") == "succeeded")
    return JSONResponse(objects.public(intent))


async def _finish_refund(request: Request) -> Response:
    books: Books = request.app.state.books
    asked = await request.json()
    refund = books.find("refund", request.path_params["id"])
    returns.finish(books, refund, succeeded=asked.get("outcome", "succeeded") == "succeeded")
    return JSONResponse(objects.public(refund))


async def _open_dispute(request: Request) -> Response:
    """`{"payment_intent": "pi_...", "amount": 500, "status": "warning_needs_response"}`: the last two may be left out."""
    books: Books = request.app.state.books
    asked = await request.json()
    charge = books.find("charge", books.find("payment_intent", asked["payment_intent"])["latest_charge"])
    made = returns.open_dispute(books, charge, asked.get("amount"), status=asked.get("status", "needs_response"))
    return JSONResponse(objects.public(made))


async def _move_dispute(request: Request) -> Response:
    """`{"status": "won"}`, and what else Stripe calls it."""
    books: Books = request.app.state.books
    dispute = books.find("dispute", request.path_params["id"])
    returns.move_dispute(books, dispute, (await request.json())["status"])
    return JSONResponse(objects.public(dispute))


async def _book_fees(request: Request) -> Response:
    """The fees that Stripe did not know yet."""
    return JSONResponse({"booked": returns.book_all(request.app.state.books)})


async def _audit(request: Request) -> Response:
    """Everything that moved money, for comparing with the merchant's books."""
    books: Books = request.app.state.books
    kinds = ("charge", "payment_intent", "setup_intent", "refund", "dispute", "balance_transaction")
    found = {f"{kind}s": [objects.public(thing) for thing in books.all(kind)] for kind in kinds}
    return JSONResponse({**found, "events": len(books.events), "met": request.app.state.faults.met})
