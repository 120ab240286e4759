"""`PUT /products/{id}/files`: where to send a file that a product is delivered with. It shows once it was sent.

Source: docs/behaviour/dodo.md#products-and-prices.
"""

from __future__ import annotations

import mimetypes
from typing import Annotated

from pydantic import StringConstraints
from starlette.responses import Response

from checkstand.dialects.dodo.answers.product import ProductFile, ProductFileUpload
from checkstand.dialects.dodo.wire.call import Api, Call
from checkstand.dialects.dodo.wire.models import Base
from checkstand.domain.catalog import Product
from checkstand.domain.files import FileRef
from checkstand.domain.ids import DodoPrefix
from checkstand.flows.catalogue.product_files import DOWNLOAD_LIFE, download_url, permit_file

api = Api("Dodo: files")


class ProductFileIn(Base):
    """The name that the file will be saved under; folders in it are left out."""

    file_name: Annotated[str, StringConstraints(min_length=1, max_length=255)]


@api.route("PUT", "/products/{id}/files", scopes=("products:write",), body=ProductFileIn, answers=ProductFileUpload)
async def of_product(call: Call) -> Response:
    """Get an address to upload a product's file to.

    404 NOT_FOUND: no such product. 422 INVALID_REQUEST_PARAMETERS: no name is left of the file's, or the product has as many files
    as it may.
    """
    product_id = call.path_id(DodoPrefix.PRODUCT)
    name = call.body(ProductFileIn).file_name
    file_id, url = await permit_file(call.ports, call.organization, product_id, name, key=_key(call))
    permitted: ProductFileUpload = {"file_id": str(file_id), "url": url}
    return call.json(permitted)


def shown_files(call: Call, product: Product) -> list[ProductFile]:
    """A product's files, each with an address to fetch it from for a day, under the names of older and newer clients."""
    return [
        _shown_file(file, download_url(call.ports, product.organization_id, file, _key(call))) for file in product.files
    ]


def _shown_file(file: FileRef, url: str) -> ProductFile:
    return {
        "file_id": str(file.id),
        "file_name": file.name,
        "filename": file.name,
        "url": url,
        "download_url": url,
        "expires_in": int(DOWNLOAD_LIFE.total_seconds()),
        "content_type": mimetypes.guess_type(file.name)[0],
        "file_size": None,
    }


def _key(call: Call) -> bytes:
    return call.services.settings.secret_key.encode()
