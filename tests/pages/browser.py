"""A real browser on the pages: Chromium as the machine has it (its headless shell, which costs a third, where that is there), and a
watch over what every page must never do.

`visit()` opens a page in a fresh profile and, at the end, says whether anything was asked of another origin, refused by the page's own
content security policy, or thrown by its script. Modules that drive a browser import the fixture `browser` from here.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.server import RunningServer

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# What Playwright turns off, which a list of one's own replaces; and the address bar's popup pages, which cost a process each window.
_OFF = (
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "OptimizationHints",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxFullPopup",
)
ARGUMENTS.append(f"--disable-features={','.join(_OFF)}")
AXE = Path(__file__).parents[1] / "clients/js/node_modules/axe-core/axe.min.js"
MERCHANT = "https://merchant.test"
PHONE, DESKTOP, NARROW = (390, 844), (1280, 860), (320, 640)
Look = tuple[tuple[int, int], str]


def executable() -> str:
    """The browser that the tests drive."""
    named = os.environ.get("CHROMIUM")
    found = named or next((path for name in NAMES if (path := shutil.which(name))), None)
    assert found, "No Chromium or Chrome was found: `make test` installs one."
    return found


@pytest.fixture(scope="package")
def browser(server: RunningServer) -> Iterator[Browser]:
    """One browser for the pages' tests of a worker. The server comes first: Playwright keeps an event loop of its own on this thread,
    so that a test of these modules runs none there itself (`server.run` does it elsewhere).
    """
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=executable(), args=ARGUMENTS)
        yield started
        started.close()


@contextlib.contextmanager
def visit(
    browser: Browser,
    server: RunningServer,
    *,
    script: bool = True,
    size: tuple[int, int] = DESKTOP,
    scheme: str = "light",
    locale: str = "de-DE",
    also: tuple[str, ...] = (),
    with_merchant: bool = False,
) -> Iterator[Page]:
    """A page in a fresh profile. `script=False` turns JavaScript off; `also` are origins that may be asked beside the server's.

    `with_merchant`: the merchant's own address answers, so that the way there can be tested. Every request of a page costs more then.
    """
    context = browser.new_context(
        java_script_enabled=script,
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if scheme == "dark" else "light",
        locale=locale,
    )
    context.set_default_timeout(15_000)
    page = context.new_page()
    if with_merchant:
        context.route(f"{MERCHANT}/**", lambda route: route.fulfill(body="<h1>Merchant</h1>", content_type="text/html"))
    wrong = _watch(page, server, also)
    try:
        yield page
    finally:
        context.close()
    assert not wrong, wrong


def _watch(page: Page, server: RunningServer, also: tuple[str, ...]) -> list[str]:
    """Collect what a page must not do."""
    wrong: list[str] = []
    known = {urlsplit(url).netloc for url in (server.url, *also)}

    def asked(url: str) -> None:
        if (
            urlsplit(url).scheme in ("http", "https")
            and urlsplit(url).netloc not in known
            and not url.startswith(MERCHANT)
        ):
            wrong.append(f"asked another origin: {url}")

    page.on("request", lambda request: asked(request.url))
    page.on("pageerror", lambda error: wrong.append(f"script failed: {error}"))
    page.on(
        "console",
        lambda message: wrong.append(message.text) if "content security policy" in message.text.lower() else None,
    )
    return wrong


# A word may be cut only where the page means it: an ellipsis, a box that scrolls, a text for screen readers alone, a code.
_SQUEEZED = r"""() => {
  const found = [];
  const isForReaders = (at) => at && (getComputedStyle(at).clipPath === 'inset(50%)' || isForReaders(at.parentElement));
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (!node.data.trim() || parent.closest('script, style, noscript, option, textarea, code, pre')) continue;
    if (!parent.checkVisibility({ visibilityProperty: true, opacityProperty: true }) || isForReaders(parent)) continue;
    let box = parent;
    while (['inline', 'contents'].includes(getComputedStyle(box).display)) box = box.parentElement;
    const style = getComputedStyle(box);
    if (style.textOverflow === 'ellipsis') continue;
    const room = box.clientWidth - parseFloat(style.paddingInlineStart) - parseFloat(style.paddingInlineEnd);
    for (const match of node.data.matchAll(/\S+/g)) {
      const word = match[0];
      if (word.length > 22) continue;  // an address or an id may break anywhere
      const range = document.createRange();
      range.setStart(node, match.index);
      range.setEnd(node, match.index + word.length);
      const lines = new Set([...range.getClientRects()].filter((one) => one.width).map((one) => Math.round(one.top)));
      const wide = range.getBoundingClientRect().width;
      const isBroken = lines.size > 1 && /^[\p{L}\p{N}]+$/u.test(word);
      if (isBroken || wide > room + 1) found.push(`“${word}” is ${Math.round(wide)} px wide in ${Math.round(room)}: ${box.outerHTML.slice(0, 120)}`);
    }
  }
  return found;
}"""


def squeezed_words(page: Page) -> list[str]:
    """Words that their text box is too narrow for: broken in two, or standing out of it."""
    found: list[str] = page.evaluate(_SQUEEZED)
    return found


_FADING = "() => document.getAnimations().some((one) => one instanceof CSSTransition && one.playState === 'running')"


def _until_faded(page: Page) -> None:
    """A button fades from one scheme's colours to the other's, and half-way there it has no contrast. Asked from outside: where a page
    has no script its own timers stand still.
    """
    for _ in range(100):
        if not page.evaluate(_FADING):
            return
        page.wait_for_timeout(20)
    raise AssertionError("the page goes on fading")


# No page has sounds or turns with the phone: what axe would fetch once more for rules about these costs a quarter of its time.
_RUN_AXE = "async (within) => (await axe.run(within, { resultTypes: ['violations'], preload: false })).violations"


def violations(page: Page, *, within: Sequence[str] = ("html",)) -> list[str]:
    """What is wrong with how the page is made: all that axe-core finds, however slight, and words without room. As text.

    `within`: selectors of the parts to look at; a page of tens of thousands of elements takes axe many seconds.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text("utf-8"))
    _until_faded(page)
    found = page.evaluate(_RUN_AXE, {"include": [[part] for part in within]})
    return [
        f"{item['id']} ({item['impact']}): {item['nodes'][0]['html'][:200]} {item['nodes'][0]['failureSummary'][:300]}"
        for item in found
    ] + squeezed_words(page)


serious_violations = violations

# Every size and both schemes; each with the other scheme is for `make prove`.
three_looks = pytest.mark.parametrize(
    "these_looks",
    [
        pytest.param(((DESKTOP, "light"), (PHONE, "dark"), (NARROW, "light")), id="three"),
        pytest.param(
            ((DESKTOP, "dark"), (PHONE, "light"), (NARROW, "dark")), id="other-three", marks=pytest.mark.prove
        ),
    ],
)


def two_looks(narrow: int, wide: int) -> pytest.MarkDecorator:
    """Parameter `these_looks`: light on a phone and dark on a desk; the other two ways round are for `make prove`."""
    phone, desk = (narrow, 860), (wide, 860)
    return pytest.mark.parametrize(
        "these_looks",
        [
            pytest.param(((phone, "light"), (desk, "dark")), id="two"),
            pytest.param(((phone, "dark"), (desk, "light")), id="other-two", marks=pytest.mark.prove),
        ],
    )


def wrong_in(page: Page, these_looks: Sequence[Look]) -> list[str]:
    """What is wrong with a page as it is now on these sizes and schemes: all that `violations` finds, and scrolling sideways."""
    found: list[str] = []
    for (width, height), scheme in these_looks:
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        sideways = [f"scrolls sideways by {overflow} px"] if overflow > 0 else []
        found += [f"{width} px, {scheme}: {problem}" for problem in (*sideways, *violations(page))]
    return found


def check_looks(page: Page, these_looks: Sequence[Look]) -> None:
    """On none of these sizes and schemes anything is wrong, and none scrolls sideways."""
    assert wrong_in(page, these_looks) == []
