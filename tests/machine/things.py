"""What the model is made of: sessions, attempts, orders, refunds and disputes, and the bank's own charges and refunds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from tests.machine.tariff import Price, price_of

GIVEN_BACK = {"won", "cancelled"}


@dataclass(slots=True, eq=False)
class BankCharge:
    """One charge in the bank's own books."""

    behaviour: str
    state: str
    code: str | None
    amount: int
    due_at: datetime | None
    due_code: str | None

    @property
    def waits(self) -> bool:
        return self.state in ("requires_action", "processing")

    def look(self, now: datetime) -> None:
        """Decide what is due by now; the bank does so whenever it is asked."""
        if self.waits and self.due_at is not None and self.due_at <= now:
            self.state, self.code = ("declined", self.due_code) if self.due_code else ("succeeded", None)

    def decide(self, *, approved: bool, code: str) -> None:
        """The buyer's answer; a second one changes nothing. Some cards are declined after their challenge."""
        if self.waits:
            after = self.behaviour.partition(":")[2] if self.behaviour.startswith("challenge") else ""
            refusal = (after or None) if approved else code
            self.state, self.code = ("declined", refusal) if refusal else ("succeeded", None)


@dataclass(slots=True, eq=False)
class Attempt:
    id: str
    session: Session
    token: str
    price: Price
    created_at: datetime
    is_free: bool
    status: str = "started"
    code: str | None = None
    ask_again_at: datetime | None = None
    charge: BankCharge | None = None


@dataclass(slots=True, eq=False)
class BankRefund:
    state: str
    amount: int


@dataclass(slots=True, eq=False)
class Refund:
    id: str
    order: Order
    net: int
    tax: int
    items: dict[str, int]
    ask_again_at: datetime
    status: str = "pending"
    is_told: bool = False
    booked: BankRefund | None = None

    @property
    def total(self) -> int:
        return self.net + self.tax


@dataclass(slots=True, eq=False)
class Dispute:
    id: str
    order: Order
    amount: int
    status: str = "opened"

    @property
    def is_open(self) -> bool:
        return self.status in ("opened", "challenged")

    @property
    def holds(self) -> int:
        return 0 if self.status in GIVEN_BACK else self.amount


@dataclass(slots=True, eq=False)
class Order:
    id: str
    attempt: Attempt
    net: int
    tax: int
    refunds: list[Refund] = field(default_factory=list)
    disputes: list[Dispute] = field(default_factory=list)

    @property
    def total(self) -> int:
        return self.net + self.tax

    def refunded(self, *statuses: str) -> tuple[int, int]:
        """(net, tax) of the refunds in these states."""
        some = [refund for refund in self.refunds if refund.status in statuses]
        return sum(refund.net for refund in some), sum(refund.tax for refund in some)

    @property
    def left(self) -> tuple[int, int]:
        """(net, tax) of what is neither given back nor on its way."""
        net, tax = self.refunded("pending", "succeeded")
        return self.net - net, self.tax - tax

    @property
    def held(self) -> int:
        return sum(dispute.holds for dispute in self.disputes)

    @property
    def status(self) -> str:
        back = sum(self.refunded("succeeded"))
        return "paid" if back == 0 else "refunded" if back == self.total else "partially_refunded"

    def item_left(self, product: str, sold: int) -> int:
        return sold - sum(one.items.get(product, 0) for one in self.refunds if one.status != "failed")

    def ledger(self) -> dict[str, int]:
        """What the accounts must hold for this order."""
        net, tax = self.refunded("succeeded")
        accounts = {
            "gateway": self.total - net - tax - self.held,
            "revenue": -self.net,
            "tax": tax - self.tax,
            "refunds": net,
            "disputes": self.held,
        }
        return {account: amount for account, amount in accounts.items() if amount}


@dataclass(slots=True, eq=False)
class Session:
    id: str
    goods: str
    country: str
    discount: str | None
    expires_at: datetime
    chosen: int
    quantity: int
    status: str = "open"
    is_untouched: bool = True
    holds_redemption: str | None = None
    attempts: list[Attempt] = field(default_factory=list)
    order: Order | None = None

    @property
    def price(self) -> Price:
        return price_of(self.goods, self.country, self.discount, chosen=self.chosen, quantity=self.quantity)

    @property
    def declines(self) -> int:
        return sum(one.status == "declined" and one.code != "customer_cancelled" for one in self.attempts)

    @property
    def live(self) -> Attempt | None:
        return self.attempts[-1] if self.status == "confirmed" else None


@dataclass(frozen=True, slots=True)
class RefundAsked:
    """What is asked for: so much net, so much with tax, an item of the cart (product, sold for), or all that is left."""

    net: int | None = None
    total: int | None = None
    item: tuple[str, int] | None = None
