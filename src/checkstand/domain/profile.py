"""What the APIs want differently of the same checkout: each has a profile of named capabilities.

Code outside of a dialect's folder asks `checkout.profile.converts_currency`, never which API it is: so a further API costs a folder
and a profile. What only the API itself can see (paths, bodies, error words) is in its folder under `dialects/`.

    >>> profile_of("dodo").keeps_customer_after_decline
    True
    >>> names_where(lambda profile: profile.has_custom_fields)
    ['polar']
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from checkstand.domain.currency import DODO_CURRENCIES
from checkstand.domain.ids import DodoPrefix, SecretPrefix
from checkstand.domain.retries import FixedWaits, GrowingWaits, Retries

Dialect = str  # the name of an API, as rows and tokens have it


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRules:
    """The API's keys. `title` and `hint` are what the dashboard says of them, `variable` is where the API's SDKs look for one.

    `is_all_or_nothing`: a key may do everything or only read; else its scopes are chosen one by one.
    """

    prefix: str
    title: str
    hint: str
    variable: str
    is_all_or_nothing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRules:
    """How the API's events are delivered. `within_s`: how long a receiver may take to answer.

    `id_prefix`: of the short id that an event is known by; the delivery's UUID where it is None.
    `signs_with_whole_secret`: with the secret's own bytes, prefix included, beside the standard's key.
    `hears_all_by_default`: an endpoint that lists no events gets all of them.
    `gives_up_dead_endpoints`: one whose last events all failed for good is disabled.
    """

    user_agent: str
    within_s: float
    retries: Retries
    id_prefix: str | None = None
    signs_with_whole_secret: bool = False
    hears_all_by_default: bool = False
    gives_up_dead_endpoints: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscountRules:
    """How a discount is made and changed through the API.

    `keeps_worth`: kind and duration never change, and what it takes off does not once somebody has redeemed it.
    `lists_currencies`: kind, one number for either, and what holds in each currency are one thing; else each part is by itself.
    `compares_limits`: a customer may not redeem it more often than everybody together.
    `names_by_code`: one without a name of its own is called by its code.
    `takes_any_dates`: it may be changed to end before it starts; nobody can redeem it then.
    """

    keeps_worth: bool = False
    lists_currencies: bool = False
    compares_limits: bool = False
    names_by_code: bool = False
    takes_any_dates: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRules:
    """The address of a session's page: `path`, and behind it the session's secret, which begins with `secret_prefix`.

    `id_prefix`: the session's id stands there instead, spelled short behind this prefix. It has a secret all the same.
    """

    path: str = "/checkout"
    secret_prefix: str = SecretPrefix.CHECKOUT
    id_prefix: str | None = None

    @property
    def key_prefixes(self) -> tuple[str, ...]:
        """How the secrets and ids begin with which pages are opened."""
        return (self.secret_prefix,) if self.id_prefix is None else (self.secret_prefix, f"{self.id_prefix}_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One API: its name in the database, its name for people, and what it wants. The defaults are what most would have.

    `returns_to_apps`: the merchant's addresses may have an app's own scheme.
    `tells_payment_on_return`: payment, status and e-mail are added to the success address, also while it is pending.
    `refuses_embargoed_countries`: buyers there cannot be chosen.
    `has_custom_fields`: questions are things of their own and may change under sessions that ask them.
    `locates_buyer`: the country of the buyer's network address counts while nothing better is known.
    `converts_into`: charged in one of these currencies at a rate, if it is the buyer's; else only in those that there are prices in.
    `combines_prices_freely`: a product's prices need not go together.
    `dates_products_whole`: a product is modified when its prices or pictures are.
    `names_discounts_by_code`: a discount that is refused is told by its code; else by its id.
    `asks_address_for_upi`: a UPI payment needs a billing address.
    `names_lacking_address_whole`: of an address with its country alone, `address` is missing and not each part.
    `keeps_customer_after_decline`: the customer of a payment that failed stays.
    `opens_documents_by_order_id`: an order's id is a secret between merchant and buyer.
    """

    name: Dialect
    title: str
    keys: KeyRules
    webhooks: WebhookRules
    discounts: DiscountRules = DiscountRules()
    page: PageRules = PageRules()

    converts_into: frozenset[str] = frozenset()
    returns_to_apps: bool = False
    tells_payment_on_return: bool = False
    refuses_embargoed_countries: bool = False
    has_custom_fields: bool = False
    locates_buyer: bool = False
    combines_prices_freely: bool = False
    dates_products_whole: bool = False
    names_discounts_by_code: bool = False
    asks_address_for_upi: bool = False
    names_lacking_address_whole: bool = False
    keeps_customer_after_decline: bool = False
    opens_documents_by_order_id: bool = False

    @property
    def converts_currency(self) -> bool:
        """Whether anything is charged in another currency than that of its price."""
        return bool(self.converts_into)


_PROFILES: dict[Dialect, Profile] = {}


def register(profile: Profile) -> Profile:
    """Make a profile known under its name. A second one under the same name is a fault."""
    assert _PROFILES.setdefault(profile.name, profile) == profile, f"two APIs are named {profile.name}"
    return profile


def profile_of(dialect: Dialect) -> Profile:
    """The profile of this name. Raises KeyError for an API that this server does not speak."""
    return _PROFILES[dialect]


def all_profiles() -> tuple[Profile, ...]:
    """Every API's, in the order in which they became known."""
    return tuple(_PROFILES.values())


def names_where(holds: Callable[[Profile], bool]) -> list[Dialect]:
    """The names of the APIs for which something holds: for statements."""
    return [name for name, profile in _PROFILES.items() if holds(profile)]


POLAR = register(
    Profile(
        name="polar",
        title="Polar",
        keys=KeyRules(
            prefix=SecretPrefix.ORGANIZATION_TOKEN,
            title="Polar API token",
            hint="polar_oat_… for Polar’s SDKs and /v1/…",
            variable="POLAR_ACCESS_TOKEN",
        ),
        webhooks=WebhookRules(
            user_agent="polar.sh webhooks",
            within_s=10.0,
            retries=GrowingWaits(tries=10, base_s=2.0, longest_base_s=600.0),
            signs_with_whole_secret=True,
            gives_up_dead_endpoints=True,
        ),
        discounts=DiscountRules(keeps_worth=True, takes_any_dates=True),
        refuses_embargoed_countries=True,
        has_custom_fields=True,
        locates_buyer=True,
        asks_address_for_upi=True,
        names_lacking_address_whole=True,
    )
)
DODO = register(
    Profile(
        name="dodo",
        title="Dodo",
        keys=KeyRules(
            prefix="dodo_key_",
            title="Dodo API key",
            hint="dodo_key_… for Dodo Payments’ SDKs",
            variable="DODO_PAYMENTS_API_KEY",
            is_all_or_nothing=True,
        ),
        webhooks=WebhookRules(
            user_agent="Checkstand-Webhooks/1",
            within_s=15.0,
            retries=FixedWaits.of_seconds(0, 5, 300, 1800, 7200, 18_000, 36_000, 36_000),
            id_prefix="msg",
            hears_all_by_default=True,
        ),
        discounts=DiscountRules(lists_currencies=True, compares_limits=True, names_by_code=True),
        page=PageRules(path="/session", id_prefix=DodoPrefix.CHECKOUT_SESSION),
        converts_into=DODO_CURRENCIES,
        returns_to_apps=True,
        tells_payment_on_return=True,
        combines_prices_freely=True,
        dates_products_whole=True,
        names_discounts_by_code=True,
        keeps_customer_after_decline=True,
        opens_documents_by_order_id=True,
    )
)

# The API of the sessions that are opened at the dashboard, and of the key that is proposed first where one is made.
DEFAULT_API = POLAR
