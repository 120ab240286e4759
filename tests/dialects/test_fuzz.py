"""Whatever is sent to a documented operation, it answers with a status and a type that its document names, and never with a fault."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from checkstand.dialects import dodo, polar
from checkstand.openapi import Described, operation_id
from checkstand.testing.demo import DemoShop
from tests.dialects.fuzz_places import dodo_place, polar_place
from tests.dialects.fuzzing import Place, fuzz, shares
from tests.server import RunningServer

INPUTS, MANY_INPUTS = 240, 10_000
POLAR = [operation_id(polar.api, operation) for operation in polar.operations]
DODO = [operation_id(dodo.api, operation) for operation in dodo.operations]


# To furnish a shop takes longer than to fuzz an operation in it, which may also spoil it: after so many there is a new one.
OPERATIONS_A_PLACE = 20


class Places:
    """One shop after the other."""

    def __init__(self, server: RunningServer, furnish: Callable[[RunningServer, DemoShop], Place]) -> None:
        self._server, self._furnish, self._used = server, furnish, 0
        self._place = furnish(server, server.new_shop())

    def next(self) -> Place:
        """The shop for the next operation."""
        if self._used == OPERATIONS_A_PLACE:
            self._place, self._used = self._furnish(self._server, self._server.new_shop()), 0
        self._used += 1
        return self._place


@pytest.fixture(scope="module")
def polar_places(server: RunningServer) -> Places:
    return Places(server, polar_place)


@pytest.fixture(scope="module")
def dodo_places(server: RunningServer) -> Places:
    return Places(server, dodo_place)


def run(api: Described, name: str, place: Place, total: int) -> None:
    operation = next(one for one in api.operations if operation_id(api, one) == name)
    fuzz(api, operation, place, inputs=shares(api, total)[name])


@pytest.mark.parametrize("name", POLAR)
def test_polar_answers_as_documented(name: str, polar_places: Places) -> None:
    run(polar.api, name, polar_places.next(), INPUTS)


@pytest.mark.parametrize("name", DODO)
def test_dodo_answers_as_documented(name: str, dodo_places: Places) -> None:
    run(dodo.api, name, dodo_places.next(), INPUTS)


@pytest.mark.prove
@pytest.mark.parametrize("name", POLAR)
def test_polar_answers_as_documented_with_many_more_inputs(name: str, polar_places: Places) -> None:
    run(polar.api, name, polar_places.next(), MANY_INPUTS)


@pytest.mark.prove
@pytest.mark.parametrize("name", DODO)
def test_dodo_answers_as_documented_with_many_more_inputs(name: str, dodo_places: Places) -> None:
    run(dodo.api, name, dodo_places.next(), MANY_INPUTS)
