"""What is accepted as an image, told by its bytes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from checkstand.domain.image import LARGEST_BYTES, BadImage, accept, sniff
from tests.pictures import gif, jpeg, png, webp

WHOLE = {
    "image/png": (png(3, 2), (3, 2)),
    "image/jpeg": (jpeg(4, 5), (4, 5)),
    "image/gif": (gif(6, 7), (6, 7)),
    "image/webp": (webp("VP8L", 8, 9), (8, 9)),
}


@pytest.mark.parametrize("declared", WHOLE)
def test_each_kind_is_known_by_its_bytes_with_its_sides(declared: str) -> None:
    content, sides = WHOLE[declared]
    kind = accept(content, declared=declared)
    assert (kind.content_type, (kind.width, kind.height)) == (declared, sides)
    assert accept(content, declared="") == kind, "a sender need not know the type"
    assert accept(content, declared="application/octet-stream") == kind


@pytest.mark.parametrize("form", ["VP8L", "VP8X", "VP8 "])
def test_every_form_of_webp_tells_its_sides(form: str) -> None:
    kind = sniff(webp(form, 300, 20))
    assert kind is not None
    assert (kind.width, kind.height) == (300, 20)


@pytest.mark.parametrize("make", [png, jpeg, gif, webp])
def test_an_image_that_ends_early_is_no_image_wherever_it_is_cut(make: Callable[[], bytes]) -> None:
    whole = make()
    assert sniff(whole) is not None
    assert [length for length in range(len(whole)) if sniff(whole[:length]) is not None] == []


def test_what_follows_the_end_of_an_image_does_no_harm() -> None:
    for content, _ in WHOLE.values():
        assert sniff(content + b"\0trailing") is not None


def refused(content: bytes, declared: str = "") -> str:
    with pytest.raises(BadImage) as error:
        accept(content, declared=declared)
    return error.value.reason


def test_every_refusal_has_its_reason() -> None:
    assert refused(b"") == "empty"
    assert refused(png() + bytes(LARGEST_BYTES)) == "too_large"
    assert refused(b"<html>") == "unknown"
    assert refused(b"%PDF-1.7", "image/png") == "unknown"
    assert refused(png()[:-1]) == "damaged"
    assert refused(png().replace(b"IDAT", b"IDAX")) == "damaged"
    assert refused(png(), "image/jpeg") == "differs"
    assert refused(png(), "text/html") == "differs"
    assert refused(png(20_000, 1)) == "too_wide"
    assert refused(gif(0, 4)) == "damaged"


@pytest.mark.parametrize(
    "content", [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\xef\xbb\xbf <?xml version='1.0'?>\n<!-- x --><SVG/>"]
)
def test_svg_is_refused_as_what_it_is(content: bytes) -> None:
    assert refused(content) == "svg"
    assert refused(png(), "image/svg+xml") == "svg"


def test_other_spellings_of_a_type_are_understood() -> None:
    assert accept(jpeg(), declared="image/jpg").content_type == "image/jpeg"
    assert accept(png(), declared="Image/PNG; charset=binary").content_type == "image/png"
