"""Templates: Jinja2 with escaping on. How money and dates look in them is in `formats.py`."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from checkstand.formats import format_day, format_moment, format_money
from checkstand.web.prose import prose
from checkstand.web.static_files import asset_integrity, asset_url

FOLDER = Path(__file__).parent / "templates"


@pass_context
def _money(context: Context, amount_minor: int, code: str) -> str:
    return format_money(amount_minor, code, context.get("locale"))


@pass_context
def _day(context: Context, moment: date | datetime) -> str:
    return format_day(moment, context.get("locale"))


@pass_context
def _moment(context: Context, moment: datetime) -> str:
    return format_moment(moment, context.get("locale"))


@cache
def environment() -> Environment:
    """The one environment. Filters `money(code)`, `day` and `moment` follow the template's variable `locale`."""
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update(money=_money, day=_day, moment=_moment, prose=prose)
    made.globals.update(asset_url=asset_url, asset_integrity=asset_integrity)
    return made


def render(template: str, **context: object) -> str:
    """A template of the folder as text."""
    return environment().get_template(template).render(**context)
