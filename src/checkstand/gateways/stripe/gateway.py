"""Stripe as the gateway: one intent per attempt, created and confirmed in one call under the attempt's key.

The key is Stripe's `Idempotency-Key`, and all parameters come from the stored attempt, so a repeated call is answered with the first
one's answer. When no answer comes, the verdict is `Unknown`; `lookup` then asks for the intent by its id, or by the attempt's id in
its metadata. Stripe's search lags behind by up to a minute: what it does not find is charged again under the same key, which
finds the first answer, and a confirmation token pays only once whatever the key.

A refused intent that a buyer has held the secret of (after 3-D Secure) is cancelled, so that nothing can be paid through it later; so
is one whose buyer has left the bank's page alone for an hour, which opens the session again.
Card data never comes here: the browser gives it to Stripe and hands us a confirmation token.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Literal, cast
from urllib.parse import urlsplit
from uuid import UUID

import structlog

import stripe
from checkstand.domain.organization import Mode
from checkstand.domain.payment import Attempt, Declined, Instrument, NeedsAction, Unknown, Verdict, decline
from checkstand.domain.refund import Refund, RefundVerdict
from checkstand.gateways.base import CardFrames, DisputeReport, Moved, RefundReport
from checkstand.gateways.stripe import customers as stripe_customers
from checkstand.gateways.stripe import refunds as stripe_refunds
from checkstand.gateways.stripe import reports as stripe_reports
from checkstand.gateways.stripe import statement as stripe_statement
from checkstand.gateways.stripe.amounts import chargeable_minor
from checkstand.gateways.stripe.fees import EXPAND_FEE
from checkstand.gateways.stripe.methods import TYPES
from checkstand.gateways.stripe.verdicts import Intent, instrument_of, refusal, verdict_of

API_VERSION = "2026-10-28.endive"
TIMEOUT_S = 25.0
RETRIES = 2
ANSWER_WITHIN_S = 3600.0
_SCRIPTS = "https://js.stripe.com"
log = structlog.get_logger(__name__)


class StripeGateway:
    """Satisfies `Gateway`, `ReportingGateway` and `StatementGateway`. `aclose` it at the end."""

    name = "stripe"

    def __init__(
        self,
        *,
        secret_key: str,
        publishable_key: str,
        api_base: str = "",
        timeout_s: float = TIMEOUT_S,
        retries: int = RETRIES,
        answer_within_s: float = ANSWER_WITHIN_S,
    ) -> None:
        stripe.enable_telemetry = False
        self.publishable_key = publishable_key
        self.frames: CardFrames | None = frames_of(api_base)
        self._mode: Mode = "live" if secret_key.split("_")[1:2] == ["live"] else "test"
        self._answer_within_s = answer_within_s
        self._http = stripe.HTTPXClient(timeout=timeout_s)
        self._client = stripe.StripeClient(
            secret_key,
            http_client=self._http,
            stripe_version=API_VERSION,
            max_network_retries=retries,
            base_addresses={"api": api_base} if api_base else {},
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.close_async()  # type: ignore[no-untyped-call]  # the library has no annotation there

    def serves(self, mode: Mode) -> bool:
        """The key's own mode: a test key moves no money, and a live one always does."""
        return mode == self._mode

    async def mode_at_stripe(self) -> Mode:
        """Ask Stripe in which mode the secret key works. Raises stripe.StripeError."""
        balance = await self._client.v1.balance.retrieve_async()
        return "live" if balance.livemode else "test"

    async def charge(self, attempt: Attempt, *, return_url: str) -> Verdict:
        """Create and confirm the attempt's intent; under a key that was used before, Stripe's first answer again."""
        try:
            return verdict_of(await self._create(attempt, return_url))
        except stripe.CardError as refused:
            intent = getattr(refused.error, "payment_intent", None) or getattr(refused.error, "setup_intent", None)
            instrument = instrument_of(getattr(refused.error, "payment_method", None))
            return refusal(refused.error, intent.id if intent is not None else None, instrument)
        except stripe.InvalidRequestError as wrong:
            return _not_executed(wrong)
        except (stripe.AuthenticationError, stripe.PermissionError) as forbidden:
            log.error("stripe_key_refused", message=forbidden.user_message, request_id=forbidden.request_id)
            return decline("processing_error")
        except stripe.StripeError as failed:
            return _unknown(failed)

    async def instrument(self, organization_id: UUID, confirmation_token: str) -> Instrument | None:
        """The payment method behind a confirmation token, as far as Stripe previews it."""
        try:
            token = await self._client.v1.confirmation_tokens.retrieve_async(confirmation_token)
        except stripe.StripeError as failed:
            log.warning("stripe_token_not_read", message=failed.user_message, request_id=failed.request_id)
            return None
        return instrument_of(token.payment_method_preview) if token.payment_method_preview is not None else None

    async def lookup(self, attempt: Attempt) -> Verdict | None:
        """What Stripe knows of the attempt now. None: it was not found, which may also mean 'not yet'."""
        try:
            intent = await self._find(attempt)
            if intent is None:
                return None
            verdict = verdict_of(intent)
            if isinstance(verdict, Declined) and intent.status == "requires_payment_method":
                return await self._close(intent, verdict)
            if isinstance(verdict, NeedsAction) and self._was_left(intent):
                given_up = decline("authentication_timeout", reference=intent.id, instrument=verdict.instrument)
                return await self._close(intent, given_up)
        except stripe.StripeError as failed:
            return _unknown(failed)
        return verdict

    async def cancel(self, attempt: Attempt) -> Verdict | None:
        """Cancel the intent while its buyer is, or was, at the bank. A voucher may have been carried away, so it goes on waiting."""
        try:
            intent = await self._find(attempt)
            if intent is None:
                return None
            verdict = verdict_of(intent)
            if isinstance(verdict, NeedsAction) and _leads_to_bank(intent):
                stopped = decline("customer_cancelled", reference=intent.id, instrument=verdict.instrument)
                return await self._close(intent, stopped)
            if isinstance(verdict, Declined) and intent.status == "requires_payment_method":
                return await self._close(intent, verdict)
        except stripe.StripeError as failed:
            return _unknown(failed)
        return verdict

    def _was_left(self, intent: Intent) -> bool:
        """Whether the buyer was sent to a bank so long ago that no answer will come. A voucher is paid when it is paid."""
        return _leads_to_bank(intent) and time.time() - intent.created > self._answer_within_s

    async def customer(self, organization_id: UUID, owner_id: UUID, *, key: UUID) -> str | None:
        """A Stripe customer."""
        return await stripe_customers.make(self._client, organization_id, owner_id, key)

    async def forget(self, organization_id: UUID, gateway_method: str) -> bool:
        """Detach a saved method."""
        return await stripe_customers.forget(self._client, gateway_method)

    async def refund(self, attempt: Attempt, refund: Refund) -> RefundVerdict:
        """Give back what the refund says, under its key."""
        return await stripe_refunds.refund(self._client, attempt, refund)

    async def lookup_refund(self, attempt: Attempt, refund: Refund) -> RefundVerdict | None:
        """What Stripe knows of a refund now."""
        return await stripe_refunds.lookup_refund(self._client, attempt, refund)

    async def reported_refund(self, reference: str) -> RefundReport | None:
        """How a refund stands, also one that was made in the dashboard."""
        return await stripe_reports.refund(self._client, reference)

    async def reported_dispute(self, reference: str) -> DisputeReport | None:
        """How a dispute stands."""
        return await stripe_reports.dispute(self._client, reference)

    async def captured(self, organization_id: UUID) -> Sequence[Moved]:
        """Everything that Stripe took for an organization, by its own list."""
        return await stripe_statement.captured(self._client, organization_id)

    async def refunded(self, organization_id: UUID) -> Sequence[Moved]:
        """Everything that Stripe gave back for an organization, by its own list."""
        return await stripe_statement.refunded(self._client, organization_id)

    async def _create(self, attempt: Attempt, return_url: str) -> Intent:
        options: stripe.RequestOptions = {"idempotency_key": str(attempt.gateway_key)}
        if attempt.purpose == "setup":
            setup: stripe.params.SetupIntentCreateParams = {
                "usage": stripe_customers.usage_of(attempt),
                "automatic_payment_methods": {"enabled": True},
                "confirm": True,
                "return_url": return_url,
                "use_stripe_sdk": False,
                "metadata": _metadata(attempt),
                "expand": ["payment_method"],
            }
            stripe_customers.paid_with(setup, attempt)
            return await self._client.v1.setup_intents.create_async(setup, options)
        payment: stripe.params.PaymentIntentCreateParams = {
            "amount": chargeable_minor(attempt.amount_minor, attempt.currency),
            "currency": attempt.currency.lower(),
            "automatic_payment_methods": {"enabled": True},
            "confirm": True,
            "return_url": return_url,
            # The next step is a page that we send the buyer to, with or without a script.
            "use_stripe_sdk": False,
            "metadata": _metadata(attempt),
            "expand": ["payment_method", EXPAND_FEE],
        }
        stripe_customers.paid_with(payment, attempt)
        stripe_customers.kept_for(payment, attempt)
        return await self._client.v1.payment_intents.create_async(payment, options)

    async def _find(self, attempt: Attempt) -> Intent | None:
        reference = attempt.gateway_reference
        if reference is None and attempt.purpose == "payment":
            found = await self._client.v1.payment_intents.search_async(
                {"query": f"metadata['attempt']:'{attempt.id}'", "limit": 1}
            )
            reference = found.data[0].id if found.data else None
        return None if reference is None else await self._retrieve(reference)

    async def _retrieve(self, reference: str) -> Intent:
        """The intent as it is now: a search or a webhook may show an older state."""
        if reference.startswith("seti_"):
            return await self._client.v1.setup_intents.retrieve_async(reference, {"expand": ["payment_method"]})
        expand: list[str] = ["payment_method", EXPAND_FEE]
        return await self._client.v1.payment_intents.retrieve_async(reference, {"expand": expand})

    async def _close(self, intent: Intent, verdict: Declined) -> Verdict:
        """Cancel a refused intent. One that cannot be cancelled any more has moved on meanwhile: its new state is the verdict."""
        reason: Literal["abandoned"] = "abandoned"
        try:
            if isinstance(intent, stripe.SetupIntent):
                await self._client.v1.setup_intents.cancel_async(intent.id, {"cancellation_reason": reason})
            else:
                await self._client.v1.payment_intents.cancel_async(intent.id, {"cancellation_reason": reason})
        except stripe.InvalidRequestError:
            now = await self._retrieve(intent.id)
            if now.status == "requires_payment_method":
                raise
            return verdict_of(now)
        return verdict


def frames_of(api_base: str) -> CardFrames:
    """Where the card form comes from: Stripe's own origins, or another address that stands in for all.

    Source: docs/behaviour/checkout-page.md#frames-and-tries.
    """
    if api_base:
        parts = urlsplit(api_base)
        origin = f"{parts.scheme}://{parts.netloc}"
        return CardFrames(
            script_url=f"{origin}/v3/",
            script_sources=(origin,),
            frame_sources=(origin,),
            connect_sources=(origin,),
            image_sources=(origin,),
            types=TYPES,
        )
    return CardFrames(
        script_url=f"{_SCRIPTS}/v3/",
        script_sources=(_SCRIPTS, "https://*.js.stripe.com"),
        frame_sources=(_SCRIPTS, "https://*.js.stripe.com", "https://hooks.stripe.com"),
        connect_sources=("https://api.stripe.com",),
        image_sources=("https://*.stripe.com",),
        types=TYPES,
    )


def _leads_to_bank(intent: Intent) -> bool:
    return intent.next_action is not None and intent.next_action.type == "redirect_to_url"


def _metadata(attempt: Attempt) -> dict[str, str]:
    """What leads from Stripe's books back to ours."""
    return {
        "organization": str(attempt.organization_id),
        "checkout": str(attempt.checkout_id),
        "order": str(attempt.order_id),
        "attempt": str(attempt.id),
        "amount_minor": str(attempt.amount_minor),
        "key": str(attempt.gateway_key),
    }


def _not_executed(wrong: stripe.InvalidRequestError) -> Verdict:
    """Stripe did not carry the request out, so nothing was charged; why is for the log, except a token that cannot be used."""
    log.warning("stripe_request_refused", code=wrong.code, message=wrong.user_message, request_id=wrong.request_id)
    return decline("unknown_token" if cast(str | None, wrong.param) == "confirmation_token" else "processing_error")


def _unknown(failed: stripe.StripeError) -> Unknown:
    kind = type(failed).__name__
    log.warning("stripe_gave_no_answer", kind=kind, status=failed.http_status, request_id=failed.request_id)
    return Unknown(reason=f"{kind} {failed.http_status or ''}".strip())
