"""Short links as they are answered."""

from __future__ import annotations

from typing_extensions import TypedDict

from checkstand.answers import Moment, Url


class ShortLink(TypedDict):
    """A short address, and the product's payment link that it leads to."""

    full_url: Url
    short_url: Url


class ShortLinkInList(ShortLink):
    """A short link with the product that it sells."""

    created_at: Moment
    product_id: str
