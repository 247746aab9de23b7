"""A call of every kernel that takes `threads`, with work for more than five of them."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import numpy as np

from bothways import kernels
from bothways.text import TextVectorizer

N, V, I, H, D = 220, 9000, 48, 24, 2  # noqa: E741
Call = Callable[[int], list[np.ndarray]]


def calls() -> dict[str, Call]:
    """By the name of the kernel: a function from a number of threads to all that it gives."""
    rng = np.random.default_rng(7)
    lengths = rng.integers(0, 51, N)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    ids = rng.integers(0, V, offsets[-1]).astype(np.int32)

    def draw(*shape):
        return rng.normal(size=shape).astype(np.float32)

    table, kernel, bias = draw(V, I), draw(I, D * 4 * H), draw(D * 4 * H)
    recurrent = draw(D, H, 4 * H)
    tokens = kernels.unique(ids, V)
    projected = kernels.project(table, kernel, bias, rows=tokens.distinct, threads=1)
    options = {"index": tokens.inverse}
    states = kernels.lstm_forward(projected, offsets, recurrent, **options, threads=1)
    gradients = {"d_output": draw(*states.output.shape), "d_h_n": draw(*states.h_n.shape)}
    gradients |= {"initial": True}
    words = [f"w{n}" for n in range(50)]
    texts = [" ".join(rng.choice(words, 9)) for _ in range(700)]
    vectorizer = TextVectorizer().adapt(words)

    def rmsprop(threads):
        state = [table.copy(), np.ones_like(table), np.zeros(V, np.int64)]
        settings = {"step": 3, "rate": 1e-2, "decay": 0.9, "epsilon": 1e-7, "threads": threads}
        kernels.rmsprop_rows(*state, np.arange(V, dtype=np.int32), table, **settings)
        return state

    def adam(kernel, threads, **more):
        state = [table.copy(), np.ones_like(table), np.ones_like(table), np.full(V, 2, np.int64)]
        kernel(*state, np.arange(V, dtype=np.int32), **more, epsilon=1e-7, threads=threads)
        return state

    missed = np.full((2, 6), 0.1, np.float32)

    def lstm(run, threads, **more):
        found = run(projected, offsets, recurrent, **options, **more, threads=threads)
        return [array for array in found if array is not None]

    def backward(threads):
        arguments = options | gradients | {"threads": threads}
        return list(kernels.lstm_backward(states, projected, offsets, recurrent, **arguments))

    return {
        "gather": lambda n: [kernels.gather(table, ids, threads=n)],
        "sum_by_token": lambda n: [kernels.sum_by_token(states.output, tokens, threads=n)],
        "project": lambda n: [kernels.project(table[:700], kernel, bias, threads=n)],
        "project_backward_input": lambda n: [
            kernels.project_backward_input(projected[:700], kernel, threads=n)
        ],
        "project_backward_kernel": lambda n: list(
            kernels.project_backward_kernel(table, projected, rows=tokens.distinct, threads=n)
        ),
        "lstm": lambda n: lstm(kernels.lstm, n, sequences=True),
        "lstm_forward": lambda n: lstm(kernels.lstm_forward, n),
        "lstm_backward": backward,
        "rmsprop_rows": rmsprop,
        "adam_rows": lambda n: adam(
            *(kernels.adam_rows, n),
            gradient=table,
            step=3,
            rate=1e-2,
            fade=0.0,
            beta_1=0.9,
            beta_2=0.999,
        ),
        "adam_catch_up": lambda n: adam(kernels.adam_catch_up, n, missed=missed, step=4),
        "encode": lambda n: [vectorizer.encode(texts, threads=n).ids.values],
    }


def threaded_names() -> set[str]:
    """The kernels that take `threads`, and the vectorizer's encode."""
    public = {name: getattr(kernels, name) for name in kernels.__all__}
    return {"encode"} | {
        name for name, kernel in public.items() if "threads" in inspect.signature(kernel).parameters
    }
