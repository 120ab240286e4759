"""`/customers/{id}/payment-methods`: what a customer saved, and taking it away. The list is unpaged.

A method is looked for among its own customer's, so an id of anybody else's is answered like one that never was: 404.

Source: docs/behaviour/dodo.md#customers.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from checkstand.dialects.dodo.answers import payment_method as answers
from checkstand.dialects.dodo.wire import paging
from checkstand.dialects.dodo.wire.call import Api, Call
from checkstand.dialects.dodo.wire.words import moment, shown
from checkstand.domain.ids import DodoPrefix
from checkstand.domain.methods import Method, MethodKind, kind_of
from checkstand.domain.payment import Instrument
from checkstand.domain.saved_method import SavedMethod
from checkstand.flows.customers.save_customer import read_customer
from checkstand.flows.payments.remove_method import remove_method
from checkstand.store.people import payment_methods

api = Api("Dodo: payment methods")
READ = ("customers:read", "customers:write")
WRITE = ("customers:write",)
_FAMILIES: Mapping[MethodKind, answers.MethodFamily] = {
    MethodKind.CARD: "card",
    MethodKind.WALLET: "wallet",
    MethodKind.REDIRECT: "bank_redirect",
    MethodKind.UPI: "upi",
    MethodKind.VOUCHER: "voucher",
    MethodKind.DEBIT: "bank_debit",
    MethodKind.PAY_LATER: "pay_later",
}


@api.route("GET", "/customers/{id}/payment-methods", scopes=READ, answers=answers.SavedMethods)
async def search(call: Call) -> Response:
    """The saved payment methods of a customer, the one used last first.

    404 NOT_FOUND: no such customer.
    """
    customer_id = call.path_id(DodoPrefix.CUSTOMER)
    await read_customer(call.ports, call.organization, customer_id)
    found = await payment_methods.of_customer(call.ports.reads, call.organization.id, customer_id)
    return call.json(paging.envelope([_method(item) for item in found]))


@api.route("DELETE", "/customers/{id}/payment-methods/{payment_method_id}", scopes=WRITE, gives="nothing")
async def remove(call: Call) -> Response:
    """Remove a saved payment method. A payment with it that is under way is finished.

    404 NOT_FOUND: no such customer, or no such method of theirs.
    """
    customer_id = call.path_id(DodoPrefix.CUSTOMER)
    method_id = call.path_id(DodoPrefix.PAYMENT_METHOD, "payment_method_id")
    await read_customer(call.ports, call.organization, customer_id)
    await remove_method(call.ports, call.organization, customer_id, method_id)
    return call.done()


def _method(value: SavedMethod) -> answers.SavedMethod:
    used = value.instrument
    return {
        "payment_method_id": shown(DodoPrefix.PAYMENT_METHOD, value.id),
        "payment_method": _FAMILIES[kind_of(used.method) or MethodKind.CARD],
        "payment_method_type": _type(used),
        "card": _card(used) if used.last_four else None,
        "recurring_enabled": value.is_recurring,
        "last_used_at": moment(value.last_used_at) if value.last_used_at else None,
    }


def _type(used: Instrument) -> Method | None:
    name = (used.funding or "credit") if used.method == "card" else used.method
    return Method(name) if name in set(Method) else None


def _card(used: Instrument) -> answers.SavedCard:
    return {
        "card_holder_name": used.holder,
        "card_issuing_country": used.country,
        "card_network": used.brand,
        "card_type": used.funding,
        "expiry_month": f"{used.exp_month:02}" if used.exp_month else None,
        "expiry_year": str(used.exp_year) if used.exp_year else None,
        "last4_digits": used.last_four,
    }
