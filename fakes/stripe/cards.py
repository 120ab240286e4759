"""What Stripe's test payment methods and card numbers do.

A behaviour is `succeed` (with what comes later: `:dispute`, `:inquiry`, `:refund_fails`, `:refund_pends`), `decline:CODE`,
`challenge` (3-D Secure, then it succeeds), `challenge:CODE` (then it is declined) or `process` (accepted, decided later through
`/_fake/intents/{id}/finish`).

    >>> METHODS["pm_card_visa_chargeDeclinedInsufficientFunds"].behaviour
    'decline:insufficient_funds'
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TestCard:
    """One number and what comes of it."""

    __test__ = False

    number: str
    brand: str
    behaviour: str
    country: str = "US"
    funding: str = "credit"


METHODS = {
    "pm_card_visa": TestCard("4242424242424242", "visa", "succeed"),
    "pm_card_visa_debit": TestCard("4000056655665556", "visa", "succeed", funding="debit"),
    "pm_card_mastercard": TestCard("5555555555554444", "mastercard", "succeed"),
    "pm_card_amex": TestCard("378282246310005", "amex", "succeed"),
    "pm_card_de": TestCard("4000002760000016", "visa", "succeed", country="DE"),
    "pm_card_authenticationRequired": TestCard("4000002760003184", "visa", "challenge", country="DE"),
    "pm_card_threeDSecure2Required": TestCard("4000000000003220", "visa", "challenge"),
    "pm_card_authenticationRequiredOnSetup": TestCard("4000002500003155", "visa", "challenge"),
    "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds": TestCard(
        "4000008260003178", "visa", "challenge:insufficient_funds"
    ),
    "pm_card_threeDSecureRequiredChargeDeclined": TestCard("4000008400001629", "visa", "challenge:generic_decline"),
    "pm_card_chargeDeclined": TestCard("4000000000000002", "visa", "decline:generic_decline"),
    "pm_card_visa_chargeDeclined": TestCard("4000000000000002", "visa", "decline:generic_decline"),
    "pm_card_chargeDeclinedInsufficientFunds": TestCard("4000000000009995", "visa", "decline:insufficient_funds"),
    "pm_card_visa_chargeDeclinedInsufficientFunds": TestCard("4000000000009995", "visa", "decline:insufficient_funds"),
    "pm_card_visa_chargeDeclinedLostCard": TestCard("4000000000009987", "visa", "decline:lost_card"),
    "pm_card_visa_chargeDeclinedStolenCard": TestCard("4000000000009979", "visa", "decline:stolen_card"),
    "pm_card_chargeDeclinedExpiredCard": TestCard("4000000000000069", "visa", "decline:expired_card"),
    "pm_card_chargeDeclinedIncorrectCvc": TestCard("4000000000000127", "visa", "decline:incorrect_cvc"),
    "pm_card_chargeDeclinedProcessingError": TestCard("4000000000000119", "visa", "decline:processing_error"),
    "pm_card_visa_chargeDeclinedVelocityLimitExceeded": TestCard(
        "4000000000006975", "visa", "decline:card_velocity_exceeded"
    ),
    "pm_card_chargeCustomerFail": TestCard("4000000000000341", "visa", "decline:generic_decline"),
    "pm_card_chargeDeclinedFraudulent": TestCard("4100000000000019", "visa", "decline:fraudulent"),
    "pm_card_createDispute": TestCard("4000000000000259", "visa", "succeed:dispute"),
    "pm_card_createDisputeInquiry": TestCard("4000000000001976", "visa", "succeed:inquiry"),
    "pm_card_refundFail": TestCard("4000000000005126", "visa", "succeed:refund_fails"),
    "pm_card_pendingRefund": TestCard("4000000000007726", "visa", "succeed:refund_pends"),
    "pm_usBankAccount_processing": TestCard("000123456789", "bank", "process"),
}
BY_NUMBER = {card.number: name for name, card in METHODS.items()}

MESSAGES = {
    "insufficient_funds": "Your card has insufficient funds.",
    "expired_card": "Your card has expired.",
    "incorrect_cvc": "Your card's security code is incorrect.",
    "processing_error": "An error occurred while processing your card. Try again in a little bit.",
}


def decline_error(reason: str) -> dict[str, str]:
    """The error fields of a refusal: most are `card_declined` with a reason, a few have a code of their own.

    >>> decline_error("lost_card")["code"], decline_error("expired_card")["code"]
    ('card_declined', 'expired_card')
    """
    own_code = reason in ("expired_card", "incorrect_cvc", "processing_error")
    return {
        "type": "card_error",
        "code": reason if own_code else "card_declined",
        "decline_code": reason,
        "message": MESSAGES.get(reason, "Your card was declined."),
    }
