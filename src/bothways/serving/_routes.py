"""The paths of the service, as OpenAPI describes them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from bothways.serving import _reading as reading
from bothways.serving._answers import Message, Receive, Send
from bothways.serving._lines import KIND, answer_lines
from bothways.serving._models import model_card
from bothways.serving._route import check_kind
from bothways.serving._schemas import (
    ExplainRequest,
    Explanation,
    Health,
    ModelCard,
    ModelList,
    Name,
    Portion,
    Predictions,
    PredictRequest,
    Problem,
    Reading,
    ReadRequest,
)
from bothways.serving._service import Service

_WHY = {
    400: "The body is no JSON.",
    401: "The service asks for a token.",
    404: "There is no such model or label, or none is named where there are several.",
    408: "The body did not arrive in time.",
    413: "More than may come at a time.",
    415: "A body of another type.",
    422: "JSON, but not as expected.",
    429: "Too much is waiting; come back.",
    500: "A fault of the service.",
    503: "There was no answer in time, or the service ends.",
}


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """How OpenAPI describes answers with these statuses."""
    return {status: {"model": Problem, "description": _WHY[status]} for status in statuses}


def json_routes(service: Service) -> APIRouter:
    """Paths that take JSON and give JSON."""
    router = APIRouter(
        responses=refusals(400, 401, 404, 408, 413, 415, 422, 429, 500, 503),
    )

    @router.post("/predict", summary="Labels and their probabilities")
    async def predict(asked: PredictRequest) -> Predictions:
        texts = [asked.text] if isinstance(asked.text, str) else asked.text
        name, answers = await service.predict(asked.model, texts, asked.reject_below)
        return {"model": name, "predictions": answers}  # type: ignore[return-value]

    @router.post("/explain", summary="The share of each word in a score, by reader")
    async def explain(asked: ExplainRequest) -> Explanation:
        one = service.models.find(asked.model)
        parts = await service.compute(
            reading.explain, one.model, asked.text, asked.label, asked.padded, service.threads
        )
        return {"model": one.name, **parts}  # type: ignore[return-value]

    @router.post("/read", summary="What the model says after each word")
    async def read(asked: ReadRequest) -> Reading:
        one = service.models.find(asked.model)
        parts = await service.compute(
            reading.read, one.model, asked.text, asked.padded, service.threads
        )
        return {"model": one.name, **parts}  # type: ignore[return-value]

    return router


def stream_routes(service: Service) -> APIRouter:
    """The path whose answer begins before its request ends."""
    router = APIRouter(responses=refusals(400, 401, 404, 413, 415, 422, 500))

    @router.post(
        "/lines",
        summary="A prediction for each line, as the lines come",
        response_class=Response,
        responses={200: {"content": {KIND.decode(): {"schema": {"type": "string"}}}}},
        openapi_extra={
            "requestBody": {
                "description": 'A stream of lines such as {"text": "..."}, of any length.',
                "content": {KIND.decode(): {"schema": {"type": "string"}}},
            }
        },
    )
    async def lines(
        request: Request,
        model: Name = None,
        reject_below: Annotated[Portion | None, Query()] = None,
    ) -> Response:
        check_kind(request.scope, KIND)
        await service.predict(model, [], reject_below)
        return _Lines(service, model, reject_below)

    return router


class _Lines(Response):
    """An answer that goes on while its request does."""

    def __init__(self, service: Service, model: str | None, reject_below: float | None) -> None:
        super().__init__()
        self._asked = service, model, reject_below

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        await answer_lines(*self._asked, receive, send)


def about_routes(service: Service) -> APIRouter:
    """What the service is, and how it is."""
    router = APIRouter(responses=refusals(500))
    secured = refusals(401)

    @router.get("/models", summary="The models and their cards", responses=secured)
    async def models() -> ModelList:
        return ModelList(models=[model_card(one) for one in service.models.by_name.values()])

    @router.get("/models/{name}", summary="The card of a model", responses=refusals(401, 404, 422))
    async def model(name: str) -> ModelCard:
        return model_card(service.models.find(name))

    @router.get("/health/live", summary="Whether the process answers")
    async def live() -> Health:
        return Health(status="live", models=list(service.models.by_name))

    @router.get("/health/ready", summary="Whether it takes requests", responses=refusals(503))
    async def ready() -> Health:
        service.check_ready()
        return Health(status="ready", models=list(service.models.by_name))

    @router.get(
        "/metrics",
        summary="Counters for Prometheus",
        response_class=Response,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}, **secured},
    )
    async def metrics() -> Response:
        return Response(service.metrics.text(), media_type="text/plain; version=0.0.4")

    return router
