"""The table of the contracts' operations: each is in one state, and what is missing is named by its feature."""

from __future__ import annotations

from tests.answers import contracts, documents
from tests.operations import operations, unreached


def test_each_operation_of_a_contract_is_served_or_belongs_to_a_feature_that_will_bring_it() -> None:
    found = list(operations(set()))
    assert [one for one in found if one.state == "not served" and not one.feature] == []
    assert {one.state for one in found} == ({"not reached", "not served"} if contracts() else set())
    assert len(documents()) == 2


def test_what_a_test_reached_is_not_listed_and_the_rest_of_what_is_served_is() -> None:
    orders = ("polar", "get", "/v1/orders/")
    assert "GET /v1/orders/" not in unreached({orders})
    assert ("GET /v1/orders/" in unreached(set())) == bool(contracts())
