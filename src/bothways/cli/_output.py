"""Where results and messages go."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from bothways.errors import require

if TYPE_CHECKING:
    from rich.console import Console


def messages() -> Console:
    """The console for progress and messages: stderr."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, markup=False, soft_wrap=True)


def results() -> Console:
    """The console for results: stdout."""
    from rich.console import Console

    return Console(highlight=False, markup=False)


def print_json(document: Any) -> None:
    """One JSON document on stdout, written out before the program says that it succeeded."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
    sys.stdout.flush()


def check_html(path: str | None) -> None:
    """Raise now what writing a page to `path` would raise after the work; None is no page."""
    if path is None:
        return
    from bothways.pages import check_page

    check_page(path)
    for module in ("matplotlib", "jinja2"):
        require(module, extra="train", purpose="the page")
