"""An OpenAPI document that answers are held against: which operation a request means, and where a body differs from what is told of it."""

from __future__ import annotations

import functools
import itertools
import operator
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import jsonschema_rs

from checkstand.openapi import PATH_PARAMETER, Json

MOST_SHOWN = 5
METHODS = ("get", "post", "put", "patch", "delete")


class Document:
    """A document with its validators: one for each shape, in a registry that has the document once, for a copy costs megabytes."""

    def __init__(self, name: str, whole: Json) -> None:
        self.name, self.whole = name, whole
        paths = sorted(whole["paths"], key=lambda path: len(PATH_PARAMETER.findall(path)))
        self._patterns = [(re.compile(PATH_PARAMETER.sub("[^/]+", path.rstrip("/")) + "/?"), path) for path in paths]
        self._registry = jsonschema_rs.Registry([(f"urn:{name}", whole)])
        self._validators: dict[str, Any] = {}

    def operations(self) -> Iterator[tuple[str, str]]:
        """Each operation: method in lower case, path."""
        return ((method, path) for path, told in self.whole["paths"].items() for method in METHODS if method in told)

    def operation(self, method: str, path: str) -> tuple[str, str] | None:
        """Method and path of the operation that a request means: fixed paths come before those with parameters. None: it is none."""
        asked = method.lower()
        for pattern, told in self._patterns:
            if asked in self.whole["paths"][told] and pattern.fullmatch(path):
                return asked, told
        return None

    def differences(self, value: object, *place: str, most: int | None = MOST_SHOWN) -> list[str]:
        """Where a value differs from the schema at a place of the document, the first few or all."""
        told = functools.reduce(operator.getitem, place, self.whole)
        pointer = "#/" + "/".join(part.replace("~", "~0").replace("/", "~1") for part in place)
        if told.keys() == {"$ref"}:
            pointer = told["$ref"]
        if pointer not in self._validators:
            whole = {"$ref": f"urn:{self.name}{quote(pointer, '#/~')}"}
            self._validators[pointer] = jsonschema_rs.Draft202012Validator(whole, registry=self._registry)
        errors = self._validators[pointer].iter_errors(value)
        return [f"{at(error)}: {error.message[:300]}" for error in itertools.islice(errors, most)]


def at(error: jsonschema_rs.ValidationError) -> str:
    """Where in the body it is."""
    return "/".join(str(part) for part in error.instance_path) or "body"
