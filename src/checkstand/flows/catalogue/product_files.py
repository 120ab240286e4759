"""Files that a product is delivered with: an address that takes one for a minute, and one that gives it out for a day.

Both are signed and end by real time, as for images (`upload_image.py`). A file never changes and is shown by its product from the
moment it was sent; the same file sent twice under one permission counts once.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from checkstand.domain.errors import Invalid
from checkstand.domain.facts import FactType
from checkstand.domain.files import MOST_FILES, FileRef, ProductFile, accept, plain_name
from checkstand.domain.organization import Organization
from checkstand.domain.problem_codes import ProblemCode
from checkstand.flows.catalogue.save_product import read_product
from checkstand.flows.catalogue.upload_image import LIFE
from checkstand.flows.ports import Ports, fact_writer
from checkstand.flows.signed_address import AddressRefused, end_of_hour, require_time, seal, unseal
from checkstand.store import facts as fact_store
from checkstand.store.catalogue import product_files
from checkstand.store.catalogue.products import PRODUCTS

DOWNLOAD_LIFE = timedelta(hours=24)
# The name follows to the end.
_UPLOAD = struct.Struct(">16s16s16sq")
_DOWNLOAD = struct.Struct(">16s16sq")
_TO_UPLOAD = b"checkstand file upload 1"
_TO_DOWNLOAD = b"checkstand file download 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePermission:
    """That one file may be stored for one product. `expires_at`: Unix seconds, real time."""

    organization_id: UUID
    file_id: UUID
    product_id: UUID
    name: str
    expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """That one file may be read. `expires_at`: Unix seconds, real time."""

    organization_id: UUID
    file_id: UUID
    expires_at: int


def sign_upload(permission: FilePermission, key: bytes) -> str:
    """The permission as a part of an address."""
    fixed = _UPLOAD.pack(
        permission.organization_id.bytes, permission.file_id.bytes, permission.product_id.bytes, permission.expires_at
    )
    return seal(fixed + permission.name.encode(), key, _TO_UPLOAD)


def read_upload(ports: Ports, token: str, key: bytes) -> FilePermission:
    """The permission in an address. Raises AddressRefused (`unknown`, `expired`)."""
    payload = unseal(token, key, _TO_UPLOAD)
    organization_id, file_id, product_id, expires_at = _UPLOAD.unpack_from(payload)
    require_time(ports, expires_at)
    return FilePermission(
        organization_id=UUID(bytes=organization_id),
        file_id=UUID(bytes=file_id),
        product_id=UUID(bytes=product_id),
        name=payload[_UPLOAD.size :].decode(),
        expires_at=expires_at,
    )


def sign_download(download: Download, key: bytes) -> str:
    """The permission as a part of an address."""
    payload = _DOWNLOAD.pack(download.organization_id.bytes, download.file_id.bytes, download.expires_at)
    return seal(payload, key, _TO_DOWNLOAD)


def read_download(ports: Ports, token: str, key: bytes) -> Download:
    """The permission in an address. Raises AddressRefused."""
    payload = unseal(token, key, _TO_DOWNLOAD)
    organization_id, file_id, expires_at = _DOWNLOAD.unpack(payload)
    require_time(ports, expires_at)
    return Download(organization_id=UUID(bytes=organization_id), file_id=UUID(bytes=file_id), expires_at=expires_at)


def download_url(ports: Ports, organization_id: UUID, file: FileRef, key: bytes) -> str:
    """Where the file can be fetched for a day, and for what is left of the hour: a product read twice looks the same."""
    until = end_of_hour(ports, DOWNLOAD_LIFE)
    download = Download(organization_id=organization_id, file_id=file.id, expires_at=until)
    return f"{ports.public_url()}/files/{sign_download(download, key)}"


async def permit_file(
    ports: Ports, organization: Organization, product_id: UUID, name: str, *, key: bytes
) -> tuple[UUID, str]:
    """The id that the file will have, and the address to send it to within a minute. Raises NotFound, Invalid."""
    product = await read_product(ports, organization, product_id)
    plain = plain_name(name)
    if not plain:
        raise Invalid.single(ProblemCode.FILE_UNNAMED, "file_name")
    if len(product.files) >= MOST_FILES:
        raise Invalid.single(ProblemCode.TOO_MANY_FILES, "file_name", given=MOST_FILES)
    permission = FilePermission(
        organization_id=organization.id,
        file_id=ports.new_id(),
        product_id=product_id,
        name=plain,
        expires_at=int((ports.real_now() + LIFE).timestamp()),
    )
    return permission.file_id, f"{ports.public_url()}/uploads/files/{sign_upload(permission, key)}"


async def store_file(ports: Ports, permission: FilePermission, content: bytes) -> ProductFile:
    """Store the file and show it with its product. Raises BadFile, AddressRefused (`used`)."""
    accept(content)
    organization_id, product_id = permission.organization_id, permission.product_id
    organization = await ports.cache.organization(organization_id)
    file = ProductFile(
        id=permission.file_id,
        product_id=product_id,
        name=permission.name,
        size=len(content),
        checksum=hashlib.sha256(content).hexdigest(),
        created_at=ports.now(organization),
    )
    tell = await fact_writer(ports, organization_id, file.created_at)
    async with ports.db.transaction() as tx:
        if not await product_files.add(tx, organization_id, file, content):
            if await product_files.checksum(tx, organization_id, file.id) != file.checksum:
                raise AddressRefused("used")
            return file
        product = (await PRODUCTS.by_ids(tx, organization_id, [product_id]))[product_id]
        await fact_store.record(tx, organization_id, [tell(FactType.PRODUCT_UPDATED, product_id, shows=product)])
        await ports.cache.changed(tx, organization_id)
    ports.cache.forget(organization_id)
    ports.wake()
    return file
