"""The ways to pay, as the page offers them: a choice for each method that is eligible now, and the form of each.

Credit and debit are one choice, `card`: one form serves both, and the bank says which it was. All forms are in the page; style shows
the chosen one's, so choosing needs no script and no round trip. What belongs to an account (`bank_...`) is never written back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from checkstand.domain.checkout import Checkout
from checkstand.domain.methods import CARDS, Method, MethodKind, eligible_for, kind_of
from checkstand.domain.payment import Declined, decline
from checkstand.domain.saved_method import SavedMethod
from checkstand.gateways.testbank.cards import CardDetails
from checkstand.gateways.testbank.methods import ACCOUNTS, ROUTING, MethodDetails, behaviour_of
from checkstand.web.checkout.form.posted import Tokenized, read_card, read_token, told
from checkstand.web.checkout.form.reader import Complaint, complaint
from checkstand.web.checkout.session.visit import CheckoutVisit
from checkstand.web.checkout.view.fields import Field
from checkstand.web.checkout.view.saved import PREFIX, SavedChoice, found_by_name, saved_choices, usable
from checkstand.web.checkout.words.texts import Texts

CARD = "card"
# Card networks by how many people have one; the test bank knows the first four.
NETWORKS = ("visa", "mastercard", "amex", "rupay", "discover", "diners", "jcb", "unionpay")
# More choices than this are folded away, with the first ones in sight.
_IN_SIGHT = 5
_ACCOUNT_FIELDS: Mapping[str, tuple[str, ...]] = {
    Method.SEPA: ("bank_iban",),
    Method.ACH: ("bank_routing", "bank_account"),
    Method.UPI_COLLECT: ("upi_id",),
}
FieldMaker = Callable[..., Field]
Paid = CardDetails | MethodDetails | Tokenized | SavedMethod


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One way to pay. `kind` says how its mark looks; `mandate` is what the buyer agrees to by paying."""

    name: str
    kind: str
    label: str
    note: str = ""
    hint: str = ""
    mandate: str = ""
    is_chosen: bool = False
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """All of them: the ones in sight and the folded ones, or why there is none."""

    saved: tuple[SavedChoice, ...] = ()
    shown: tuple[Choice, ...] = ()
    folded: tuple[Choice, ...] = ()
    error: str = ""
    none: str = ""
    networks: tuple[str, ...] = NETWORKS

    @property
    def every(self) -> tuple[Choice, ...]:
        return (*self.shown, *self.folded)

    @property
    def only(self) -> Choice | None:
        """The single way to pay, where nothing is to be chosen."""
        return self.shown[0] if len(self.every) == 1 and not self.saved else None

    @property
    def is_unfolded(self) -> bool:
        return any(one.is_chosen for one in self.folded)

    @property
    def is_saved_chosen(self) -> bool:
        return any(one.is_chosen for one in self.saved)

    @property
    def with_card(self) -> bool:
        return any(one.name == CARD for one in self.every)


def offered(checkout: Checkout, country: str | None) -> tuple[str, ...]:
    """The names of the choices for a buyer in this country."""
    names = [CARD if method in CARDS else str(method) for method in eligible_for(checkout, country=country)]
    return tuple(dict.fromkeys(names))


def in_reach(names: Sequence[str], wallets: Sequence[str]) -> tuple[str, ...]:
    """The same with the wallets that the buyer's device has in front."""
    first = [name for name in wallets if name in names]
    return (*first, *(name for name in names if name not in first))


def chosen_of(names: Sequence[str], checkout: Checkout, typed: Mapping[str, str]) -> str:
    """The choice that is marked: typed, else used before, else a card, else the first; empty where there is none."""
    for wanted in (typed.get("method"), checkout.payment_method, CARD):
        if wanted in names:
            return str(wanted)
    return names[0] if names else ""


def choices_of(
    visit: CheckoutVisit, country: str | None, typed: Mapping[str, str], *, field: FieldMaker, error: str, amount: str
) -> Choices:
    """What the page offers. `field` makes a field of the page's form, `amount` is what is due."""
    checkout, t = visit.checkout, visit.texts
    names = in_reach(offered(checkout, country), visit.wallets)
    if not names:
        return Choices(none="methods.none" if country else "methods.none_anywhere")
    saved = saved_choices(visit, typed)
    chosen = "" if any(one.is_chosen for one in saved) else chosen_of(names, checkout, typed)
    made = tuple(_choice(visit, name, chosen=chosen, field=field, amount=amount) for name in names)
    folds = len(made) > _IN_SIGHT
    gone = "method" in typed and typed["method"] not in (*names, *(one.name for one in saved))
    return Choices(
        saved=saved,
        shown=made[: _IN_SIGHT - 1] if folds else made,
        folded=made[_IN_SIGHT - 1 :] if folds else (),
        error=error or (t("problem.method.gone") if gone else ""),
    )


def choices_in_frame(visit: CheckoutVisit, country: str | None, typed: Mapping[str, str], *, error: str) -> Choices:
    """The same where the gateway's script asks for the method: the page tells what was saved, or that there is no way to pay."""
    if offered(visit.checkout, country):
        return Choices(saved=saved_choices(visit, typed), error=error)
    return Choices(none="methods.none" if country else "methods.none_anywhere")


def _choice(visit: CheckoutVisit, name: str, *, chosen: str, field: FieldMaker, amount: str) -> Choice:
    t, kind = visit.texts, kind_of(name) or MethodKind.CARD
    label = method_label(t, _card_label(visit.checkout) if name == CARD else name)
    if name == CARD and visit.saved and usable(visit, visit.checkout):
        label = t("saved.another_card")
    note = {MethodKind.CARD: "", MethodKind.WALLET: ""}.get(
        kind, f"method.note.{name if kind is MethodKind.DEBIT else kind}"
    )
    hint = "" if kind in (MethodKind.CARD, MethodKind.DEBIT) or name == Method.UPI_COLLECT else f"method.hint.{kind}"
    mandate = t(f"mandate.{name}", merchant=visit.organization.name, amount=amount) if kind is MethodKind.DEBIT else ""
    return Choice(
        name=name,
        kind=kind,
        label=label,
        note=t(note) if note else "",
        hint=t("method.hint.upi_intent" if kind is MethodKind.UPI else hint, method=label) if hint else "",
        mandate=mandate,
        is_chosen=name == chosen,
        fields=_fields(t, name, field),
    )


def _card_label(checkout: Checkout) -> str:
    """`credit` or `debit` where the merchant takes only one of them."""
    allowed = checkout.options.allowed_methods
    taken = [str(method) for method in CARDS if allowed is None or method in allowed]
    return taken[0] if len(taken) == 1 else CARD


def method_label(t: Texts, name: str) -> str:
    """The name of a method, as people know it."""
    return t(f"method.{name}" if kind_of(name) else "success.method")


def _fields(t: Texts, name: str, field: FieldMaker) -> tuple[Field, ...]:
    if name == Method.UPI_COLLECT:
        return (field("upi_id", t("method.upi_id"), None, is_required=False, hint=t("method.hint.upi_collect")),)
    if name not in ACCOUNTS:
        return ()
    method = Method(name)
    good = next(iter(ACCOUNTS[method]))
    bad = next(account for account, behaviour in ACCOUNTS[method].items() if behaviour.endswith("insufficient_funds"))
    if method is Method.SEPA:
        hint = t("method.iban_hint", good=good, bad=bad)
        return (field("bank_iban", t("method.iban"), None, hint=hint, value=""),)
    hint = t("method.account_hint", routing=ROUTING, good=good, bad=bad)
    routing = field("bank_routing", t("method.routing"), None, value="")
    return (routing, field("bank_account", t("method.account"), None, value="", hint=hint))


# ------------------------------------------------------------ what was sent


def read_method(
    visit: CheckoutVisit, checkout: Checkout, typed: Mapping[str, str]
) -> tuple[str, Paid | Sequence[Complaint]]:
    """The chosen method and what was typed for it, or what is wrong with that. Whether it can pay is the gateway's word.

    In frames, the gateway's script asked for both, and only a token comes to us. What was saved needs neither.
    """
    if (chosen := typed.get("method", "")).startswith(PREFIX):
        saved = found_by_name(visit, checkout, chosen)
        return (saved.instrument.method, saved) if saved else ("", [complaint("method", "problem.method.gone")])
    if visit.frames is not None:
        return "", read_token(typed)
    names = offered(checkout, None)
    name = typed.get("method") or (CARD if CARD in names else "")
    if name not in names:
        return name, [complaint("method", "problem.method.gone" if name else "problem.method.required")]
    if name == CARD:
        return name, read_card(typed, now=visit.now)
    fields = _ACCOUNT_FIELDS.get(name, ())
    missing = [complaint(one, f"problem.{one}.required") for one in fields if one != "upi_id" and not typed.get(one)]
    if missing:
        return name, missing
    routing = typed.get("bank_routing", "") if "bank_routing" in fields else ""
    account = typed.get(fields[-1], "") if fields else ""
    details = MethodDetails(method=Method(name), account=account, routing=routing)
    refused = behaviour_of(details)
    return name, [told(fields[-1], decline(refused, method=name))] if isinstance(refused, str) else details


async def token_for(visit: CheckoutVisit, details: Paid | None) -> str | Declined | None:
    """What the gateway gives for what was typed; None without any, or without a gateway whose forms this page may show."""
    if isinstance(details, Tokenized):
        return details.token
    if details is None or isinstance(details, SavedMethod) or visit.bank is None:
        return None
    if isinstance(details, CardDetails):
        return await visit.bank.tokenize(visit.organization.id, details, now=visit.now)
    return await visit.bank.tokenize_method(visit.organization.id, details, now=visit.now)
