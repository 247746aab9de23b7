"""The application: its paths, and what is around them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeGuard

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute

from bothways import __version__
from bothways.serving._answers import Message, Receive, Refused, Send, refuse
from bothways.serving._guard import Guard
from bothways.serving._page import page_routes
from bothways.serving._route import json_handler
from bothways.serving._routes import about_routes, json_routes, stream_routes
from bothways.serving._schemas import sentence
from bothways.serving._service import Service
from bothways.serving._socket import socket_route


def create_app(service: Service, *, token: str | None = None, origins: Sequence[str] = ()) -> Any:
    """The ASGI application of `service`.

    With a `token` every path but the page and the health asks for it. Pages from `origins` may
    ask from a browser, and no others.
    """
    app = FastAPI(
        title="Bothways",
        version=__version__,
        description="Bidirectional LSTM text models. Every error is one sentence: `error`.",
        docs_url=None,  # its page would come from another host
        redoc_url=None,
        lifespan=_lifespan(service),
        exception_handlers={
            Refused: _answer_refused,
            HTTPException: _answer_http,
            RequestValidationError: _answer_invalid,
        },
    )
    direct = json_routes(service)
    routers = direct, stream_routes(service), about_routes(service)
    for router in routers:
        app.include_router(router)
    app.routes.extend([socket_route(service, token, origins), *page_routes()])
    paths = [route.path for router in routers for route in router.routes if _path(route)]
    guarded: Any = Guard(
        app,
        service,
        direct={("POST", r.path): json_handler(r, service) for r in direct.routes if _path(r)},
        known=frozenset(["/", *(path for path in paths if "{" not in path)]),
        token=token,
    )
    if not origins:
        return guarded
    return CORSMiddleware(
        guarded,
        allow_origins=list(origins),
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type"],
    )


def _path(route: BaseRoute) -> TypeGuard[APIRoute]:
    return isinstance(route, APIRoute)


def _lifespan(service: Service) -> Any:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        watching = asyncio.create_task(service.watch())
        yield
        watching.cancel()
        service.close()

    return lifespan


class _Refusal(Response):
    """A refusal as FastAPI's handlers of errors return one."""

    def __init__(self, error: Refused) -> None:
        super().__init__(status_code=error.status)
        self._error = error

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        await refuse(self._error, receive, send)


async def _answer_refused(request: Request, error: Any) -> Response:
    return _Refusal(error)


async def _answer_http(request: Request, error: Any) -> Response:
    """What Starlette says in two words: no such path, or not with this method."""
    path, method = request.url.path[:80], request.method
    if error.status_code == 405:
        allowed = error.headers["Allow"]
        return _Refusal(Refused(405, f"{path!r} takes {allowed}, got {method}", allow=allowed))
    if error.status_code == 404:
        return _Refusal(Refused(404, f"there is nothing at {path!r}; /openapi.json lists what is"))
    return _Refusal(Refused(error.status_code, str(error.detail)))


async def _answer_invalid(request: Request, error: Any) -> Response:
    return _Refusal(Refused(422, sentence(error.errors()[0])))
