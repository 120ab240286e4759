"""Addresses of documents: one names a document of one organization, is signed, and ends after a day of real time.

Nothing is stored for it (`signed_address.py`). It is made anew each time that somebody who may see the document asks.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from checkstand.domain.document import DocumentKind
from checkstand.flows.ports import Ports
from checkstand.flows.signed_address import end_of_hour, require_time, seal, unseal

LIFE = timedelta(hours=24)
_PERMIT = struct.Struct(">16s16sBq")
_PURPOSE = b"checkstand document 1"
_KINDS: tuple[DocumentKind, ...] = ("invoice", "receipt", "credit_note")


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentPermit:
    """That one document may be read. `subject_id`: the order's, for a credit note the refund's. `expires_at`: Unix seconds."""

    organization_id: UUID
    subject_id: UUID
    kind: DocumentKind
    expires_at: int


def sign(permit: DocumentPermit, key: bytes) -> str:
    """The permission as a part of an address."""
    payload = _PERMIT.pack(
        permit.organization_id.bytes, permit.subject_id.bytes, _KINDS.index(permit.kind), permit.expires_at
    )
    return seal(payload, key, _PURPOSE)


def read_permit(ports: Ports, token: str, key: bytes) -> DocumentPermit:
    """The permission in an address. Raises AddressRefused."""
    payload = unseal(token, key, _PURPOSE)
    organization_id, subject_id, kind, expires_at = _PERMIT.unpack(payload)
    require_time(ports, expires_at)
    return DocumentPermit(
        organization_id=UUID(bytes=organization_id),
        subject_id=UUID(bytes=subject_id),
        kind=_KINDS[kind],
        expires_at=expires_at,
    )


def document_url(ports: Ports, organization_id: UUID, kind: DocumentKind, subject_id: UUID, key: bytes) -> str:
    """Where the document can be read for a day, and for what is left of the hour; `.pdf` behind it is the file."""
    until = end_of_hour(ports, LIFE)
    permit = DocumentPermit(organization_id=organization_id, subject_id=subject_id, kind=kind, expires_at=until)
    return f"{ports.public_url()}/documents/{sign(permit, key)}"


def pdf_url(ports: Ports, organization_id: UUID, kind: DocumentKind, subject_id: UUID, key: bytes) -> str:
    """The same as a PDF file."""
    return f"{document_url(ports, organization_id, kind, subject_id, key)}.pdf"
