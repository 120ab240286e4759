"""The image in the product form: one that is sent is kept at once, so that a form refused for another reason still has it.

What the file's name or the browser says of its type is not looked at: people rename files, and the bytes tell. An image that no
product shows in the end stays unused.
"""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from checkstand.domain.catalog import Product
from checkstand.domain.image import BadImage, ImageRef
from checkstand.flows.catalogue.upload_image import describe_image
from checkstand.store.catalogue import images
from checkstand.web.dashboard.frame import Visit
from checkstand.web.dashboard.product_form import TypedProduct


async def with_image(visit: Visit, typed: TypedProduct, product: Product | None) -> TypedProduct:
    """The form with the image that was sent, else the one it showed before; or with what is wrong with the file."""
    shown = await _shown_before(visit, product)
    sent = visit.form.file("image")
    if sent is None:
        return replace(typed, image=shown)
    try:
        image = describe_image(visit.ports, visit.organization, sent.content, name=sent.name, declared="")
    except BadImage as refused:
        return replace(typed, image=shown, image_problem=str(refused))
    await images.add(visit.ports.db, visit.organization.id, image, sent.content)
    return replace(typed, image=image)


async def _shown_before(visit: Visit, product: Product | None) -> ImageRef | None:
    if visit.form.has("remove_image"):
        return None
    if not visit.form.has("image_id"):
        return product.images[0] if product is not None and product.images else None
    try:
        image_id = UUID(visit.form.text("image_id"))
    except ValueError:
        return None
    return (await images.refs(visit.ports.db, visit.organization.id, [image_id])).get(image_id)


def with_first(product: Product, image: ImageRef | None) -> tuple[ImageRef, ...]:
    """The product's images with this one, or none, as the first; further ones, which this form does not show, stay."""
    further = tuple(other for other in product.images[1:] if image is None or other.id != image.id)
    return further if image is None else (image, *further)
