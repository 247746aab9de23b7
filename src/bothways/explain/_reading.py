"""How a model judges texts while they come in: accuracy by words read, and second thoughts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bothways.errors import ArgumentError, require
from bothways.runtime import Model, Stream, check_reading, decide

SHARES = tuple(n / 20 for n in range(21))
WORDS = (0, 1, 2, 3, 5, 10, 20, 30, 50, 75, 100, 150, 200, 300, 400, 600, 1000)
SURE = 0.8
"""A first impression is an answer of at least this probability."""

Ids = NDArray[np.int64]


@dataclass(frozen=True)
class Reading:
    """One way to read texts as they come in, at the points of the grid.

    `accuracy` and its 95 % `intervals` (Wilson) at each point; `settled`, the share of texts whose
    answer does not change any more from there on; `median_settled` and `late_settled`, the share of
    the text by which one half, and nine in ten, have settled.
    """

    name: str
    accuracy: tuple[float, ...]
    intervals: tuple[tuple[float, float], ...]
    settled: tuple[float, ...]
    median_settled: float
    late_settled: float


@dataclass(frozen=True)
class Turn:
    """A text, and where it comes from, whose first impression was another than its answer with
    hindsight.

    After `words` words, which end at `stop` in the text, the model was surest of `first`.
    """

    place: str
    text: str
    label: str
    first: str
    first_probability: float
    words: int
    stop: int
    answer: str
    probability: float


@dataclass(frozen=True)
class Readings:
    """What `bothways read` tells: the grid, in shares of a text or in words; a `Reading` for each
    way; of `texts` texts those whose answer was turned around by hindsight, to the right label
    and away from it; and the turns of the surest first impressions."""

    by: str
    grid: tuple[float, ...]
    texts: int
    readings: tuple[Reading, ...]
    turned: int
    turned_right: int
    turned_wrong: int
    turns: tuple[Turn, ...]

    def document(self) -> dict[str, Any]:
        """All of it as JSON can hold it."""
        return asdict(self)


def read_along(
    model: Model,
    texts: Sequence[str],
    labels: Sequence[str],
    *,
    lookaheads: Sequence[int] = (),
    beside: Model | None = None,
    by: str = "share",
    show: int = 10,
    threads: int | None = None,
    place: Callable[[int], str] = lambda n: f"text {n + 1}",
    progress: Callable[[int], None] = lambda done: None,
) -> Readings:
    """Read every text token by token: with `model` the text so far, and with each of
    `lookaheads` tokens late (none given: those of its training, if it looks ahead); and, `beside`,
    with a model that reads forward or looks ahead.

    At a point of the grid each text has been read that far; an answer that comes late is not
    there yet, and the one for an empty text stands. `show` turns are kept; `place` says where
    text `n`, counted from 0, comes from. `progress` is told how many texts have been read.

    Raises `ArgumentError` for models that give a text several labels or that cannot read
    so, and `MissingExtraError` without SciPy.
    """
    require("scipy", extra="train", purpose="intervals")
    for of in (model, beside):
        if of is not None and of.spec.network.multilabel:
            raise ArgumentError("reading along expects models that give a text one label")
    if beside is not None:
        check_reading(beside, "forward", None)
    own_lookahead = model.spec.network.lookahead
    if own_lookahead is not None:
        lookaheads = lookaheads or (own_lookahead,)
    for k in lookaheads:
        check_reading(model, "forward", k)
    if by not in ("share", "words"):
        raise ArgumentError(f"by must be 'share' or 'words', got {by!r}")
    own = "prefix" if any(layer.bidirectional for layer in model.spec.network.stack) else "forward"
    found: dict[str, list[Ids]] = {own: []}
    found |= {f"lookahead {k}": [] for k in lookaheads} | ({"beside": []} if beside else {})
    turns: list[Turn] = []
    for number, (text, label) in enumerate(zip(texts, labels, strict=True)):
        prefixes = model.prefixes(text, threads=threads)
        decided = decide(prefixes.probabilities, model.spec)
        found[own].append(decided.answers)
        turns += _turn(model, place(number), text, label, prefixes.places, decided)
        for k in lookaheads:
            rows = _streamed(Stream(model, lookahead=k, threads=threads), text)
            found[f"lookahead {k}"].append(decide(rows, model.spec).answers)
        if beside is not None:
            rows = _streamed(Stream(beside, threads=threads), text)
            places = np.array([_place(model, name) for name in beside.labels])
            found["beside"].append(places[decide(rows, beside.spec).answers])
        progress(number + 1)
    truth = np.array([_place(model, name) for name in labels])
    longest = max((len(answers) - 1 for answers in found[own]), default=0)
    grid = SHARES if by == "share" else (*(w for w in WORDS if w < longest), longest)
    right = sum(turn.answer == turn.label for turn in turns)
    wrong = sum(turn.first == turn.label for turn in turns)
    turns.sort(key=lambda turn: -min(turn.first_probability, turn.probability))
    return Readings(
        by,
        grid,
        len(texts),
        tuple(_reading(name, answers, truth, grid, by) for name, answers in found.items()),
        len(turns),
        right,
        wrong,
        tuple(turns[:show]),
    )


def _streamed(stream: Stream, text: str) -> NDArray[np.floating]:
    """The probabilities `(T + 1, C)` that are known after each token, which may come late; with the
    last token come all that were still due."""
    rows = np.concatenate([stream.push(text).probabilities, stream.end().probabilities])
    nothing = stream.model.predict_proba([""])
    T, late = len(rows), stream.lookahead or 0
    known = np.concatenate([nothing, rows])[np.maximum(np.arange(T + 1) - late, 0)]
    known[T] = rows[-1] if T else nothing[0]
    return known


def _place(model: Model, label: str) -> int:
    return model.labels.index(label) if label in model.labels else -1


def _reading(name: str, answers: list[Ids], truth: Ids, grid: Any, by: str) -> Reading:
    from scipy.stats import binomtest

    lengths = np.array([len(a) - 1 for a in answers])
    settled = np.array([_settled(a) for a in answers])
    shares = settled / np.maximum(lengths, 1)
    accuracy, intervals, by_then = [], [], []
    for point in grid:
        read = np.ceil(point * lengths - 1e-9) if by == "share" else np.minimum(point, lengths)
        right = [a[int(n)] == t for a, n, t in zip(answers, read, truth, strict=True)]
        interval = binomtest(sum(map(int, right)), len(right)).proportion_ci(method="wilson")
        accuracy.append(float(np.mean(right)))
        intervals.append((float(interval.low), float(interval.high)))
        by_then.append(float(np.mean(settled <= read)))
    return Reading(
        name,
        tuple(accuracy),
        tuple(intervals),
        tuple(by_then),
        float(np.quantile(shares, 0.5)),
        float(np.quantile(shares, 0.9)),
    )


def _settled(answers: Ids) -> int:
    """After how many tokens the answer was the last one, and stayed."""
    other = np.flatnonzero(answers != answers[-1])
    return int(other[-1]) + 1 if len(other) else 0


def _turn(model: Model, place: str, text: str, label: str, places: Any, decided: Any) -> list[Turn]:
    """The surest first impression that hindsight turned around, if there was one."""
    answers, probabilities = decided
    sure = np.where(answers != answers[-1], probabilities, 0)
    sure[0] = 0  # before the first word there is no impression
    n = int(sure.argmax())
    if sure[n] < SURE:
        return []
    return [
        Turn(
            place,
            text,
            label,
            model.labels[answers[n]],
            float(sure[n]),
            n,
            places[n - 1][1],
            model.labels[answers[-1]],
            float(probabilities[-1]),
        )
    ]
