"""`PUT .../images`: where to send an image of a product, an add-on or a brand.

The image shows once it was sent. A product has one image here: a new one takes its place, and with `force_update` the place of all
that another API may have given it.

Source: docs/behaviour/dodo.md#products-and-prices.
"""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from checkstand.dialects.dodo.answers.common import ImageUpload
from checkstand.dialects.dodo.catalogue import brands
from checkstand.dialects.dodo.wire import paging
from checkstand.dialects.dodo.wire.call import Api, Call
from checkstand.domain.ids import DodoPrefix
from checkstand.flows.catalogue.upload_image import Target, permit_upload
from checkstand.parameters import Query

api = Api("Dodo: images")
PRODUCTS = ("products:write",)


class ImageUploadQuery(Query):
    force_update = paging.flag()


@api.route("PUT", "/products/{id}/images", scopes=PRODUCTS, query=ImageUploadQuery, answers=ImageUpload)
async def of_product(call: Call) -> Response:
    """Get an address to upload a product's image to.

    404 NOT_FOUND: no such product.
    """
    product_id = call.path_id(DodoPrefix.PRODUCT)
    return await _permit(call, "product", product_id, replaces_all=bool(ImageUploadQuery(call).force_update))


@api.route("PUT", "/addons/{id}/images", scopes=PRODUCTS, answers=ImageUpload)
async def of_addon(call: Call) -> Response:
    """Get an address to upload an add-on's image to.

    404 NOT_FOUND: no such add-on.
    """
    return await _permit(call, "addon", call.path_id(DodoPrefix.ADDON))


@api.route("PUT", "/brands/{id}/images", scopes=brands.WRITE, answers=ImageUpload)
async def of_brand(call: Call) -> Response:
    """Get an address to upload a brand's image to.

    403 UNABLE_TO_EDIT_PRIMARY_BRAND. 404 NOT_FOUND: no such brand.
    """
    brand_id = brands.path_id(call)
    return brands.primary_is_fixed() if brand_id is None else await _permit(call, "brand", brand_id)


async def _permit(call: Call, target: Target, target_id: UUID, *, replaces_all: bool = False) -> Response:
    image_id, url = await permit_upload(
        call.ports,
        call.organization,
        target,
        target_id,
        replaces_all=replaces_all,
        key=call.services.settings.secret_key.encode(),
    )
    permitted: ImageUpload = {"url": url, "image_id": str(image_id)}
    return call.json(permitted)
