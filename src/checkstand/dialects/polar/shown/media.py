"""A product's images as Polar's `medias`: file objects with a public address.

Source: docs/behaviour/polar.md#embedded-objects.
"""

from __future__ import annotations

import base64

from checkstand.dialects.polar.answers.product import ProductMedia
from checkstand.dialects.polar.wire.words import moment
from checkstand.domain.catalog import Product
from checkstand.domain.image import ImageRef, image_path


def medias(product: Product, public_url: str) -> list[ProductMedia]:
    """The images in their order."""
    return [_file(product, image, public_url) for image in product.images]


def _file(product: Product, image: ImageRef, public_url: str) -> ProductMedia:
    """A file. It is never written again, so there is one version of it and it was last changed when it came."""
    path = image_path(product.organization_id, image)
    return {
        "id": str(image.id),
        "organization_id": str(product.organization_id),
        "name": image.name,
        "path": path.removeprefix("/"),
        "mime_type": image.content_type,
        "size": image.size,
        "storage_version": None,
        "checksum_etag": image.checksum,
        "checksum_sha256_base64": base64.b64encode(bytes.fromhex(image.checksum)).decode(),
        "checksum_sha256_hex": image.checksum,
        "last_modified_at": moment(image.created_at),
        "version": None,
        "service": "product_media",
        "is_uploaded": True,
        "created_at": moment(image.created_at),
        "size_readable": readable_size(image.size),
        "public_url": f"{public_url}{path}",
    }


def readable_size(size: int) -> str:
    """A number of bytes as people read it.

    >>> readable_size(512), readable_size(1536), readable_size(5242880)
    ('512.0 B', '1.5 KB', '5.0 MB')
    """
    value = float(size)
    for unit in ("B", "KB"):
        if value < 1024:
            return f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} MB"
