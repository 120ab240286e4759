"""`POST /checkouts`, edge by edge: each row is an input and what comes of it. Refused inputs store nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.dialects.dodo_place import COMPLETE, FULL_ADDRESS, ONE, DodoShop, cart
from tests.tables import table


@dataclass(frozen=True)
class Row:
    """`says`: what the message must contain."""

    name: str
    body: Any
    status: int = 200
    code: str | None = None
    says: str = ""

    @property
    def refused(self) -> bool:
        return self.status != 200


def accepted(name: str, **body: object) -> Row:
    return Row(name, {"product_cart": ONE, **body})


def refused(name: str, code: str, says: str = "", **body: object) -> Row:
    return Row(name, {"product_cart": ONE, **body}, 422, code, says)


BODY = "INVALID_REQUEST_BODY"
ROWS = [
    accepted("1 one product"),
    Row("9 cart missing", {}, 422, BODY, "product_cart"),
    refused("10 cart null", BODY, "product_cart", product_cart=None),
    refused("11 cart empty", "PRODUCT_CART_EMTPY", product_cart=[]),
    refused("11b cart empty with an unknown collection", "NOT_FOUND", "pdc_x", product_cart=[], product_collection_id="pdc_x"),
    refused("12 no quantity", BODY, "product_cart[0].quantity", product_cart=[{"product_id": "P"}]),
    accepted("13 quantity 0 leaves it to the buyer", product_cart=cart(quantity=0)),
    refused("14 quantity -1", BODY, "product_cart[0].quantity", product_cart=cart(quantity=-1)),
    refused("14b quantity 1.5", BODY, "product_cart[0].quantity", product_cart=cart(quantity=1.5)),
    refused("14c quantity '1'", BODY, "product_cart[0].quantity", product_cart=cart(quantity="1")),
    refused("14d quantity true", BODY, "product_cart[0].quantity", product_cart=cart(quantity=True)),
    refused("14e quantity null", BODY, "product_cart[0].quantity", product_cart=cart(quantity=None)),
    refused("14f quantity 2147483648", BODY, "product_cart[0].quantity", product_cart=cart(quantity=2_147_483_648)),
    accepted("14g quantity 2.0 is the integer 2", product_cart=cart(quantity=2.0)),
    refused("15 total beyond int32", "INVALID_REQUEST_PARAMETERS", "smaller quantity", product_cart=cart(quantity=2_147_484)),
    refused("15b total within int32 beyond what can be charged", "INVALID_REQUEST_PARAMETERS", "$999,999.99", product_cart=cart(quantity=2_147_483)),
    accepted("15c total just within what can be charged", product_cart=cart(quantity=99_999)),
    refused("16 unknown product", "NOT_FOUND", "product_cart[0].product_id: product pdt_nothing", product_cart=cart("pdt_nothing")),
    refused("16b well-formed unknown product", "NOT_FOUND", "pdt_" + "1" * 21, product_cart=cart("pdt_" + "1" * 21)),
    accepted("19 the same product twice", product_cart=ONE + ONE),
    accepted("20 one-time and subscription", product_cart=ONE + cart("S")),
    accepted("21 two subscriptions", product_cart=cart("S") + cart("S", 2)),
    accepted("22a 20 items", product_cart=ONE * 20),
    refused("22 21 items", BODY, "product_cart", product_cart=ONE * 21),
    refused("24 add-on on a one-time product", "INVALID_REQUEST_PARAMETERS", "addons", product_cart=cart(addons=[{"addon_id": "adn_x", "quantity": 1}])),
    accepted("24b no add-ons on a one-time product", product_cart=cart(addons=[])),
    accepted("24c null add-ons", product_cart=cart("S", addons=None)),
    refused("26 unknown add-on", "MISSING_ADDON_IDS", "adn_x", product_cart=cart("S", addons=[{"addon_id": "adn_x", "quantity": 1}])),
    refused("27 add-on twice", "DUPLICATE_ADDON_IDS_IN_REQUEST", "adn_x", product_cart=cart("S", addons=[{"addon_id": "adn_x", "quantity": 1}] * 2)),
    refused("27b add-on without quantity", BODY, "addons[0].quantity", product_cart=cart("S", addons=[{"addon_id": "adn_x"}])),
    accepted("30 pay what you want, the buyer chooses", product_cart=cart("W")),
    refused("31 pay what you want below the minimum", "REQUEST_AMOUNT_BELOW_MINIMUM", "$5.00", product_cart=cart("W", amount=400)),
    accepted("32 pay what you want twice the minimum", product_cart=cart("W", 2, amount=500)),
    accepted("33 amount of a fixed price is ignored", product_cart=cart("P", amount=1)),
    refused("34 confirm without an amount", "PAY_AS_YOU_WANT_AMOUNT_REQUIRED", "product_cart[0].amount", product_cart=cart("W"), confirm=True, **COMPLETE),
    refused("35 customer {}", BODY, "customer", customer={}),
    accepted("36 customer without a name", customer={"email": "ada@example.com"}),
    refused("37 unknown customer", "NOT_FOUND", "customer.customer_id: customer cus_nobody", customer={"customer_id": "cus_nobody"}),
    refused("37b well-formed unknown customer", "NOT_FOUND", "cus_" + "1" * 21, customer={"customer_id": "cus_" + "1" * 21}),
    accepted("41 customer null", customer=None),
    refused("42 not an address", BODY, "customer.email", customer={"email": "nope", "name": "N"}),
    accepted("42b addresses of test domains", customer={"email": "ada@shop.test", "name": "Ada"}),
    accepted("42c addresses of local shops", customer={"email": "ada@shop.localhost", "name": "Ada"}),
    accepted("42d addresses of example domains", customer={"email": "ada@shop.example", "name": "Ada"}),
    refused("43 address without country", BODY, "billing_address.country", billing_address={"city": "Jena"}),
    refused("44 country de", BODY, "billing_address.country", billing_address={"country": "de"}),
    refused("44b country DEU", BODY, "billing_address.country", billing_address={"country": "DEU"}),
    refused("44c country XX", BODY, "billing_address.country", billing_address={"country": "XX"}),
    accepted("45 every country of the list in test mode", billing_address={"country": "KP"}),
    refused("46 zipcode as a number", BODY, "billing_address.zipcode", billing_address={"country": "DE", "zipcode": 12345}),
    refused("47 confirm with a product alone", BODY, "billing_address", confirm=True),
    refused("47b confirm without a name", BODY, "customer.name", confirm=True, customer={"email": "a@example.com"}, billing_address=FULL_ADDRESS),
    refused("47c confirm without a street", BODY, "billing_address.street", confirm=True, customer=COMPLETE["customer"], billing_address={**FULL_ADDRESS, "street": ""}),
    refused("47d confirm with quantity 0", "INVALID_QUANTITY", product_cart=cart(quantity=0), confirm=True, **COMPLETE),
    refused("47e confirm without a demanded phone number", BODY, "phone_number", confirm=True, feature_flags={"require_phone_number": True}, **COMPLETE),
    refused("47f confirm without a demanded tax id", BODY, "tax_id", confirm=True, feature_flags={"require_tax_id": True}, **COMPLETE),
    accepted("48 confirm complete", confirm=True, **COMPLETE),
    accepted("48b confirm with a minimal address", confirm=True, minimal_address=True, customer=COMPLETE["customer"], billing_address={"country": "DE", "zipcode": "07743"}),
    refused("49 confirm null", BODY, "confirm", confirm=None),
    refused("49b show_saved_payment_methods null", BODY, show_saved_payment_methods=None),
    refused("49c customization null", BODY, "customization", customization=None),
    refused("49d feature_flags null", BODY, "feature_flags", feature_flags=None),
    accepted("49e null where the contract lists it", allowed_payment_method_types=None, billing_address=None, billing_currency=None, discount_code=None, metadata=None, return_url=None, subscription_data=None),
    accepted("51 a currency without a price", billing_currency="EUR"),
    refused("52 billing_currency XYZ", BODY, "billing_currency", billing_currency="XYZ"),
    refused("52b billing_currency eur", BODY, "billing_currency", billing_currency="eur"),
    refused("53 no method allowed", "NO_ELIGIBLE_PAYMENT_METHODS", allowed_payment_method_types=[]),
    refused("54 a method twice", BODY, "allowed_payment_method_types", allowed_payment_method_types=["credit", "credit"]),
    refused("55 bitcoin", BODY, "allowed_payment_method_types[0]", allowed_payment_method_types=["bitcoin"]),
    accepted("55b a method of the current list", allowed_payment_method_types=["paypal", "credit"]),
    refused("56 ideal alone with confirm", "NO_ELIGIBLE_PAYMENT_METHODS", allowed_payment_method_types=["ideal"], confirm=True, **COMPLETE),
    accepted("57 ideal without an address", allowed_payment_method_types=["ideal"]),
    refused("61 unknown discount code", "INVALID_DISCOUNT_CODE", "NOPE", discount_code="NOPE"),
    accepted("65 discount code in lower case", discount_code="welcome20"),
    accepted("66 discount code of nothing", discount_code=""),
    refused("70 one code and several", BODY, "discount_code", discount_code="WELCOME20", discount_codes=["WELCOME20"]),
    accepted("70b a list of one code", discount_codes=["WELCOME20"]),
    refused("70c a stack with an unknown code", "INVALID_DISCOUNT_CODE", "discount_codes[1]: discount code OTHER", discount_codes=["WELCOME20", "OTHER"]),
    refused("70d the same code twice", "INVALID_REQUEST_PARAMETERS", "discount_codes[1]", discount_codes=["WELCOME20", "welcome20"]),
    refused("70e 21 codes", BODY, "discount_codes", discount_codes=["WELCOME20"] * 21),
    accepted("72 no trial", product_cart=cart("T"), subscription_data={"trial_period_days": 0}),
    accepted("73 trial of 10000 days", product_cart=cart("S"), subscription_data={"trial_period_days": 10_000}),
    refused("73b trial of 10001 days", BODY, "trial_period_days", product_cart=cart("S"), subscription_data={"trial_period_days": 10_001}),
    refused("73c trial of -1 days", BODY, "trial_period_days", product_cart=cart("S"), subscription_data={"trial_period_days": -1}),
    accepted("74 trial without a subscription", subscription_data={"trial_period_days": 7}),
    accepted("74b trial of a part of the cart", product_cart=cart("T") + ONE),
    refused("76 on-demand without mandate_only", BODY, "mandate_only", product_cart=cart("S"), subscription_data={"on_demand": {}}),
    refused("77 on-demand where it is not enabled", "ON_DEMAND_SUBSCRIPTIONS_NOT_ENABLED", product_cart=cart("S"), subscription_data={"on_demand": {"mandate_only": True}}),
    accepted("80a 50 metadata pairs", metadata={f"k{number}": "v" for number in range(50)}),
    refused("81 51 metadata pairs", "MAXIMUM_KEYS_REACHED", "metadata", metadata={f"k{number}": "v" for number in range(51)}),
    accepted("82 numbers and booleans as metadata", metadata={"n": 1, "f": 0.5, "b": True}),
    refused("82b nested metadata", BODY, "metadata", metadata={"n": {"m": "x"}}),
    refused("82c null as a metadata value", BODY, "metadata", metadata={"n": None}),
    refused("83 metadata key of 41 characters", BODY, "metadata", metadata={"k" * 41: "v"}),
    refused("83b metadata key with a dot", BODY, "metadata", metadata={"a.b": "v"}),
    refused("83c metadata value of 501 characters", BODY, "metadata", metadata={"a": "v" * 501}),
    refused("84 return_url is no URL", BODY, "return_url", return_url="not a url"),
    refused("84b return_url runs a script", BODY, "return_url", return_url="javascript:alert(1)"),
    refused("84c return_url is data", BODY, "return_url", return_url="data:text/html,x"),
    refused("84d return_url without a host", BODY, "return_url", return_url="https:///done"),
    refused("84e cancel_url is no URL", BODY, "cancel_url", cancel_url="/back"),
    accepted("85 return_url with query and fragment", return_url="https://shop.example/done?cart=7#end"),
    accepted("86 return_url of an app", return_url="myapp://done"),
    accepted("87 unknown field", foo={"bar": 1}),
    refused("88 theme Dark", BODY, "customization.theme", customization={"theme": "Dark"}),
    refused("89 phone demanded but not asked", BODY, "feature_flags", feature_flags={"require_phone_number": True, "allow_phone_number_collection": False}),
    refused("89b tax id demanded but not asked", BODY, "feature_flags", feature_flags={"require_tax_id": True, "allow_tax_id": False}),
    refused("90 stored method without confirm", BODY, "payment_method_id", payment_method_id="pm_x"),
    refused("91 six custom fields", BODY, "custom_fields", custom_fields=[{"key": f"k{n}", "label": "L", "field_type": "text"} for n in range(6)]),
    refused("91b dropdown without options", BODY, "custom_fields[0]", custom_fields=[{"key": "k", "label": "L", "field_type": "dropdown"}]),
    refused("92a expires_in too short", BODY, "expires_in", expires_in=59),
    accepted("tax id with a country", tax_id="DE136695976", customer_business_name="Ada GmbH", billing_address={"country": "DE"}),
    refused("tax id without a country", BODY, "billing_address.country", tax_id="DE136695976"),
    refused("tax id that is none", "INVALID_TAX_ID", "tax_id", tax_id="DE1", billing_address={"country": "DE"}),
]  # fmt: skip


@table("row", ROWS)
def test_each_edge_of_the_cart_and_its_options_is_decided(dodo: DodoShop, row: Row) -> None:
    before = dodo.row_counts()
    answer = dodo.create(**row.body)
    assert answer.status_code == row.status, answer.text
    if row.refused:
        body = answer.json()
        assert (body["code"], set(body)) == (row.code, {"code", "message"})
        assert row.says in body["message"]
        assert dodo.row_counts() == before
    else:
        assert len(answer.json()["session_id"]) == 25
