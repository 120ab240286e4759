"""Whatever is sent to a documented operation, it answers with a status and a type that its document names, and never with a fault."""

from __future__ import annotations

import pytest

from checkstand.dialects import dodo, polar
from checkstand.openapi import Described, operation_id
from checkstand.testing.demo import DemoShop
from tests.dialects.fuzz_places import dodo_place, polar_place
from tests.dialects.fuzzing import Place, fuzz, shares
from tests.server import RunningServer

INPUTS, MANY_INPUTS = 1_000, 10_000
POLAR = [operation_id(polar.api, operation) for operation in polar.operations]
DODO = [operation_id(dodo.api, operation) for operation in dodo.operations]


def run(api: Described, name: str, place: Place, total: int) -> None:
    operation = next(one for one in api.operations if operation_id(api, one) == name)
    fuzz(api, operation, place, inputs=shares(api, total)[name])


@pytest.mark.parametrize("name", POLAR)
def test_polar_answers_as_documented(name: str, server: RunningServer, shop: DemoShop) -> None:
    run(polar.api, name, polar_place(server, shop), INPUTS)


@pytest.mark.parametrize("name", DODO)
def test_dodo_answers_as_documented(name: str, server: RunningServer, shop: DemoShop) -> None:
    run(dodo.api, name, dodo_place(server, shop), INPUTS)


@pytest.mark.prove
@pytest.mark.parametrize("name", POLAR)
def test_polar_answers_as_documented_ten_times_over(name: str, server: RunningServer, shop: DemoShop) -> None:
    run(polar.api, name, polar_place(server, shop), MANY_INPUTS)


@pytest.mark.prove
@pytest.mark.parametrize("name", DODO)
def test_dodo_answers_as_documented_ten_times_over(name: str, server: RunningServer, shop: DemoShop) -> None:
    run(dodo.api, name, dodo_place(server, shop), MANY_INPUTS)
