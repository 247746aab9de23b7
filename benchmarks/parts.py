"""Where the time of a training step goes: `python benchmarks/parts.py [--precision bf16]`.

Each kernel of a step of the classic model by itself, on IMDB in batches of 32: its median time,
the least, the arithmetic it needs, and the time that this would take at the rate of the best
square product of the same kernels in the same run. For layers: `--hidden 512 --input 300`.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent / "versus"))
from _classic import VOCABULARY, batches, read_texts

from bothways import kernels

FOLDER = Path(__file__).parent.parent / "build" / "bench"


def main():
    """Print a line for each part."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--precision", choices=("f32", "bf16"), default="f32")
    parser.add_argument("--hidden", type=int, default=32)
    parser.add_argument("--input", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--threads", type=int, default=kernels.default_threads())
    opts = parser.parse_args()
    how = {"precision": opts.precision, "threads": opts.threads}
    peak = square_product(how)
    texts = batches(read_texts(str(FOLDER), "train"), 32)
    parts = {}
    for _ in range(opts.rounds):
        for text in texts:
            for name, seconds, flop in step(text, opts, how):
                parts.setdefault(name, []).append((seconds, flop))
    print(
        f"tier {kernels.isa()}, {opts.precision}, {opts.threads} threads, hidden {opts.hidden}, ",
        end="",
    )
    print(f"input {opts.input}; best square product {peak / 1e9:.0f} GFLOP/s")
    print(f"{'':10}{'median ms':>11}{'least':>8}{'GFLOP':>8}{'at peak':>9}{'reached':>9}")
    total = np.zeros(3)
    for name, measured in parts.items():
        seconds, flop = np.array(measured[len(texts) :]).T
        middle, floor = np.median(seconds), flop.mean() / peak
        total += middle, flop.mean(), floor
        print_line(name, middle, seconds.min(), flop.mean(), floor)
    print_line("all", total[0], None, *total[1:])


def print_line(name, middle, least, flop, floor):
    """One part: times in ms; the share of the peak where there is arithmetic to speak of."""
    least = f"{1e3 * least:8.2f}" if least else " " * 8
    reached = f"{floor / middle:9.0%}" if flop else ""
    print(f"{name:10}{1e3 * middle:11.2f}{least}{flop / 1e9:8.3f}{1e3 * floor:9.2f}{reached}")


def square_product(how, size=1536):
    """The best of several products of two matrices, in operations a second."""
    a = np.random.default_rng(0).normal(size=(size, size)).astype(np.float32)
    best = min(timed(lambda: kernels.project(a, a, **how))[0] for _ in range(12))
    return 2 * size**3 / best


def timed(action):
    """Seconds, and what it gave."""
    started = time.perf_counter()
    result = action()
    return time.perf_counter() - started, result


def step(text, opts, how):
    """Yield the name, seconds and operations of each part of a step on one batch."""
    I, H, T = opts.input, opts.hidden, len(text.values)  # noqa: E741
    table, kernel, bias, recurrent, moment, seen = weights(I, H)

    def part(name, flop, action):
        seconds, result = timed(action)
        done.append((name, seconds, flop))
        return result

    done = []
    words = part("unique", 0, lambda: kernels.unique(text.values, len(table)))
    U, index, rows = len(words.distinct), words.inverse, words.distinct
    once, recur = 2 * U * I * 8 * H, 2 * T * 2 * H * 4 * H
    x = part("project", once, lambda: kernels.project(table, kernel, bias, rows=rows, **how))
    read = (x, text.offsets, recurrent)
    states = part(
        "forward", recur, lambda: kernels.lstm_forward(*read, index=index, output=False, **how)
    )
    d_h = np.full_like(states.h_n, 1e-3)
    d = part(
        "backward",
        2 * recur,
        lambda: kernels.lstm_backward(states, *read, index=index, d_h_n=d_h, **how),
    )[0]
    part("d_kernel", once, lambda: kernels.project_backward_kernel(table, d, rows=rows, **how))
    d_x = part("d_input", once, lambda: kernels.project_backward_input(d, kernel, **how))
    rule = {"step": int(seen.max()) + 1, "rate": 1e-3, "decay": 0.9, "epsilon": 1e-7}
    rule["threads"] = opts.threads
    part("rmsprop", 0, lambda: kernels.rmsprop_rows(table, moment, seen, rows, d_x, **rule))
    return done


def weights(I, H, kept={}):  # noqa: B006, E741
    """Drawn once for each size: table, kernel, bias, recurrent, moment, seen."""
    if (I, H) not in kept:
        rng = np.random.default_rng(0)
        shapes = ((VOCABULARY, I), (I, 8 * H), (8 * H,), (2, H, 4 * H))
        drawn = [(rng.normal(size=s) / np.sqrt(H)).astype(np.float32) for s in shapes]
        kept[I, H] = [*drawn, np.zeros_like(drawn[0]), np.zeros(VOCABULARY, np.int64)]
    return kept[I, H]


if __name__ == "__main__":
    main()
