"""The printed file: the page's own words, in fonts of its own, however long and in whatever script a name is."""

from __future__ import annotations

import asyncio
import io
from dataclasses import replace

import pytest
from pypdf import PdfReader

from checkstand.documents.file import html_of
from checkstand.documents.pdf import print_pdf
from checkstand.documents.words import printed
from checkstand.domain.document import DiscountRow, Document, Party
from checkstand.domain.tax import TaxShare
from tests.domain.test_document import NOW, invoice, line


def printed_file(document: Document) -> bytes:
    return asyncio.run(print_pdf(html_of(document), title=printed(document).title, dated=document.issued_at))


def text_of(body: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(body)).pages)


def test_the_file_says_what_the_page_says() -> None:
    document = invoice(line(1000, 190), line(500, 0, 0, "reverse_charge"))
    text = text_of(printed_file(document))
    shown = printed(document)
    said = [shown.heading, shown.headline, *shown.total, *shown.notes, shown.footer]
    said += [cell for row in (*shown.facts, *shown.rows, *shown.sums) for cell in row]
    said += [part for _, lines in shown.parties for part in lines]
    flat = " ".join(text.split())
    assert [part for part in said if " ".join(part.split()) not in flat] == []


def test_the_same_file_is_printed_once_however_many_ask() -> None:
    document = invoice(line(77_777, 1234))

    async def asked() -> list[bytes]:
        title = printed(document).title
        return await asyncio.gather(
            *(print_pdf(html_of(document), title=title, dated=document.issued_at) for _ in range(9))
        )

    first, *others = asyncio.run(asked())
    assert all(other is first for other in others), "each has the very file that was printed for the first"
    assert printed_file(document) is first
    assert printed_file(replace(document, number="OTHER-1")) != first


def in_order(text: str, *said: str) -> bool:
    """Whether these stand in the text one behind the other."""
    flat, at = " ".join(text.split()), 0
    for part in said:
        found = flat.find(" ".join(part.split()), at)
        if found < 0:
            return False
        at = found + len(part)
    return True


def test_text_is_read_out_in_the_order_of_the_page() -> None:
    shares = (
        TaxShare(name="GST", rate_ppm=50_000, amount_minor=50),
        TaxShare(name="QST", rate_ppm=99_750, amount_minor=100),
    )
    long = replace(line(1000, 150, 149_750), label="A mug with a name that is longer than its column is wide " * 2)
    document = invoice(replace(long, taxes=shares), line(500, 0, 0, "reverse_charge"))
    shown, text = printed(document), text_of(printed_file(document))
    facts = [cell for row in shown.facts for cell in row]
    parties = [part for heading, lines in shown.parties for part in (heading, *lines)]
    table = [cell for row in (shown.columns, *shown.rows) for cell in row]
    sums = [cell for row in (*shown.sums, shown.total) for cell in row]
    order = [
        shown.heading,
        shown.seller_name,
        *shown.banners,
        *facts,
        *parties,
        shown.headline,
        *table,
        *sums,
        *shown.notes,
    ]
    assert in_order(text, *order), text


def test_names_in_latin_greek_and_cyrillic_letters_are_printed_and_others_by_their_code() -> None:
    names = "Łukasz Þórðarson, Nguyễn Thị Ánh, Ελλάδα Α.Ε., Ивановић и Київ, Ţîrlea — ₹₺₴₿€"
    party = Party(name=names, contact="日本 \u200fשלום ﬁ", address=None)
    text = text_of(printed_file(replace(invoice(line(100, 19)), buyer=party)))
    assert names in " ".join(text.split())
    assert "[U+65E5][U+672C]" in text.replace("\n", "")
    assert "\ufffd" not in text


def test_what_was_taken_off_has_a_minus_that_the_fonts_know() -> None:
    taken = replace(invoice(line(1000, 190)), discounts=(DiscountRow(label="SPRING", amount_minor=200),))
    text = text_of(printed_file(taken))
    assert in_order(text, "Discount SPRING", "-€2.00")
    assert "[U+" not in text


def test_markup_in_a_name_is_a_name() -> None:
    party = Party(name="</p><script>alert(1)</script><b>&amp;", contact=None)
    document = replace(invoice(line(100, 19)), buyer=party)
    assert "<script>" not in html_of(document)
    assert "</p><script>alert(1)</script><b>&amp;" in text_of(printed_file(document))


def test_a_hundred_lines_take_several_pages_and_each_tells_its_number() -> None:
    body = printed_file(invoice(*[line(100, 19)] * 100))
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(body)).pages]
    assert len(pages) > 2
    assert all(f"{number} / {len(pages)}" in page for number, page in enumerate(pages, 1))
    assert all("Unit price" in page for page in pages[:-1]), "each page of the table has its headings"
    assert "€119.00" in pages[-1]


@pytest.mark.parametrize("name", ["x" * 400, "w " * 300])
def test_a_long_name_is_broken_into_lines_that_fit(name: str) -> None:
    text = text_of(printed_file(replace(invoice(line(100, 19)), buyer=Party(name=name))))
    assert "".join(name.split()) in "".join(text.split())


def test_fonts_are_embedded_and_the_same_page_gives_the_same_file() -> None:
    document = invoice(line(100, 19))
    first = printed_file(document)
    assert first == printed_file(document)
    reader = PdfReader(io.BytesIO(first))
    assert (reader.metadata.title, reader.metadata.creation_date) == ("Invoice DEMO-0001", NOW)  # type: ignore[union-attr]
    fonts = [one.get_object() for one in reader.pages[0]["/Resources"]["/Font"].values()]  # type: ignore[index]
    assert {"FontFile2" in str(one["/DescendantFonts"][0].get_object()["/FontDescriptor"]) for one in fonts} == {True}


def test_a_print_leaves_the_event_loop_free() -> None:
    async def story() -> int:
        document = invoice(*[line(100, 19)] * 60)
        work = asyncio.create_task(print_pdf(html_of(document), title="T", dated=NOW))
        turns = 0
        while not work.done():
            await asyncio.sleep(0.001)
            turns += 1
        assert (await work).startswith(b"%PDF")
        return turns

    assert asyncio.run(story()) > 3
