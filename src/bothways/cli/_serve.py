"""bothways serve: models over HTTP, and the page."""

from __future__ import annotations

from typing import Annotated

import typer


def serve(
    model: Annotated[list[str], typer.Argument(help="Model folders, or NAME=FOLDER.")],
    host: Annotated[str, typer.Option(help="The address to listen on; 0.0.0.0 is all of "
                                      "them.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8000,
    token_file: Annotated[str | None, typer.Option(help="A file with the token that requests must "
                                                   "bring.")] = None,
    cors: Annotated[list[str] | None, typer.Option(help="An origin whose pages may ask; can be "
                                                   "repeated.")] = None,
    max_body: Annotated[str, typer.Option(help="Of one request.")] = "8MB",
    max_texts: Annotated[int, typer.Option(min=1, help="Texts of one request.")] = 1_000,
    max_tokens: Annotated[int, typer.Option(min=1, help="Tokens of a text that are "
                                            "read.")] = 100_000,
    max_waiting: Annotated[int, typer.Option(min=1, help="Requests that wait; one more is "
                                             "answered with 429.")] = 1_000,
    timeout: Annotated[str, typer.Option(help="From a request to its answer.")] = "30s",
    receive_timeout: Annotated[str, typer.Option(help="For a request to arrive.")] = "10s",
    grace: Annotated[str, typer.Option(help="To finish what was taken, at the end.")] = "30s",
    precision: Annotated[str, typer.Option(help="Of the products: f32, or bf16, which is faster "
                                           "on some CPUs.")] = "f32",
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads.")] = None,
) -> None:  # fmt: skip
    """Serve one or several models until the process is told to end; a page is at /.

    The token may also stand in the environment, as BOTHWAYS_TOKEN. A folder that is replaced is
    read again, without a lost request."""
    import logging

    from bothways._amounts import parse_duration, parse_size
    from bothways.cli._output import messages
    from bothways.serving import Limits, Service, address, create_app, listen, open_models, run

    limits = Limits(
        body=parse_size(max_body),
        texts=max_texts,
        tokens=max_tokens,
        waiting=max_waiting,
        seconds=parse_duration(timeout),
        receive_seconds=parse_duration(receive_timeout),
        grace=parse_duration(grace),
    )
    token = _token(token_file)
    logging.basicConfig(format="bothways: %(message)s")
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)  # what clients do wrong is no news
    with listen(host, port) as at:
        service = Service(open_models(model, precision=precision), limits, threads=threads)
        names = ", ".join(service.models.by_name)
        messages().print(f"serving {names} at {address(at)}")
        run(create_app(service, token=token, origins=cors or ()), service, at)


def _token(file: str | None) -> str | None:
    """The token from the file or from the environment; None if neither is given."""
    import os

    from bothways.errors import ArgumentError

    where, token = "the environment variable BOTHWAYS_TOKEN", os.environ.get("BOTHWAYS_TOKEN")
    if file is not None:
        where = file
        with open(file, encoding="utf-8", errors="replace") as opened:
            token = opened.read(10_000).strip()
    if token is None:
        return None
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise ArgumentError(f"{where}: holds no token, expected one word of ASCII characters")
    return token
