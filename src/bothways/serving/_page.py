"""The page for people, served at `/`: plain files of the package."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from bothways import pages

HERE = Path(__file__).parent / "page"
# The look of the reports, so that both are of one hand.
LOOK = Path(pages.__file__).parent / "look.css"

# The page loads nothing from elsewhere and runs no script but its own files.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)


def page_routes() -> list[BaseRoute]:
    """`/` and the files it asks for."""
    files = StaticFiles(directory=HERE)
    return [Route("/", _page), Route("/page/look.css", _look), Mount("/page", files)]


async def _look(request: Request) -> Response:
    return FileResponse(LOOK)


async def _page(request: Request) -> Response:
    headers = {"content-security-policy": _POLICY, "cache-control": "no-cache"}
    return FileResponse(HERE / "index.html", headers=headers)
