"""Security headers of every page, checkout and dashboard alike: one policy that can be read at a glance.

Everything a page needs comes from our own origin: no inline script or style, no third party, no frame around it. The one exception is
the checkout page of a gateway that draws its own card form. Change a rule here and it changes everywhere. Two things that surprise:

* `form-action 'self'` also judges redirects: Chromium refuses a form post that is answered with a redirect to another origin, so
  leaving for a bank or a merchant goes through a page of ours (a link and a refresh), never a redirect of a post.
* Motion sensors and the like are not denied in Permissions-Policy: banks' checks in nested frames need them.
"""

from __future__ import annotations

from typing import Literal

from checkstand.gateways.base import CardFrames

Referrer = Literal["strict-origin-when-cross-origin", "same-origin", "no-referrer"]

_POLICY: dict[str, str] = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "object-src": "'none'",
}
_WALLETS = ("payment", "publickey-credentials-get")
_DENIED = ("camera", "microphone", "geolocation", "usb", "serial")


def page_headers(
    public_url: str, *, referrer: Referrer = "strict-origin-when-cross-origin", frames: CardFrames | None = None
) -> dict[str, str]:
    """Headers for an HTML page. Over https (by the server's public address) browsers are told to stay there.

    `frames`: the gateway's own card form is on the page, so its origins are let in, and wallets may be used in its frames.
    """
    policy = dict(_POLICY)
    permissions = [f"{name}=()" for name in _DENIED]
    if frames is not None:
        for name, sources in (
            ("script-src", frames.script_sources),
            ("connect-src", frames.connect_sources),
            ("img-src", frames.image_sources),
        ):
            policy[name] = " ".join((policy[name], *sources))
        policy["frame-src"] = " ".join(frames.frame_sources)
        permissions += [f"{name}=*" for name in _WALLETS]
    is_https = public_url.startswith("https://")
    if is_https:
        policy["upgrade-insecure-requests"] = ""
    headers = {
        "Content-Security-Policy": "; ".join(f"{name} {value}".strip() for name, value in policy.items()),
        "Referrer-Policy": referrer,
        "Permissions-Policy": ", ".join(permissions),
        "Cross-Origin-Opener-Policy": "same-origin-allow-popups",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Cache-Control": "no-store",
        "X-Robots-Tag": "noindex, nofollow",
    }
    if is_https:
        headers["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"
    return headers
