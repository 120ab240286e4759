"""What `/openapi.json` says of a request body that we validate ourselves: worked out when somebody asks for it.

Schemas of all bodies take a quarter of a second; a start should not wait for a document that few processes ever serve.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel

if TYPE_CHECKING:
    from _collections_abc import dict_items


class RequestBody(dict[str, object]):
    """The `openapi_extra` of a route with this body at `path`. FastAPI reads it by `items`, once, for the document."""

    def __init__(self, body: type[BaseModel], *, method: str, path: str) -> None:
        super().__init__(requestBody=None)
        self._body = body
        # A JSON pointer to the schema's own definitions; Pydantic formats it, so the path's braces are doubled.
        place = path.replace("/", "~1").replace("{", "{{").replace("}", "}}")
        pointer = f"#/paths/{place}/{method.lower()}/requestBody/content/application~1json/schema/$defs"
        self._template = f"{pointer}/{{model}}"

    def items(self) -> dict_items[str, object]:
        """The documentation, made now."""
        schema = self._body.model_json_schema(ref_template=self._template)
        made: dict[str, object] = {
            "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}
        }
        return made.items()
