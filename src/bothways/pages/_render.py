"""A page from its template."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from bothways.errors import require
from bothways.pages._visible import visible

if TYPE_CHECKING:
    from jinja2 import Environment

HERE = Path(__file__).parent


def render(template: Path, **values: Any) -> str:
    """The page that a template makes of `values`, a whole document that asks for nothing else.

    Every value is made `visible` and escaped but the pictures of `picture`; a name that the
    template uses and `values` lacks is an error of ours, never a blank. Raises
    `MissingExtraError` without jinja2.
    """
    return _environment(template.parent).get_template(template.name).render(values)


def _environment(folder: Path) -> Environment:
    jinja2 = require("jinja2", extra="train", purpose="a page for the browser")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([folder, HERE]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(percent=percent, whole=whole, fixed=fixed)
    # The style is ours, and quotes in it must stay quotes.
    from markupsafe import Markup

    environment.globals["style"] = Markup((HERE / "look.css").read_text(encoding="utf-8"))
    return environment


def _finalize(value: Any) -> Any:
    return visible(value) if type(value) is str else value  # not markup, which is ours


def percent(share: float, digits: int = 1) -> str:
    """0.8974 as `89.7 %`, with a space that does not break."""
    return f"{100 * share:.{digits}f}\u00a0%"


def whole(count: int) -> str:
    """25000 as `25,000`."""
    return f"{count:,}"


def fixed(number: float, digits: int = 3) -> str:
    """0.5 as `0.500`."""
    return f"{number:,.{digits}f}"
