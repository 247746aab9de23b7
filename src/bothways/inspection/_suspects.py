"""Labels that are probably wrong, by the probabilities of a model that disagrees with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bothways.data import Dataset, training_parts
from bothways.errors import DataError, listed, require
from bothways.inspection._facts import Suspect, Suspects
from bothways.runtime import Model

if TYPE_CHECKING:
    from bothways.training import Preset

FOLDS = 3


def by_model(
    rows: Dataset, model: Model, name: str, show: int, *, threads: int | None = None
) -> Suspects:
    """The labels that `model` disagrees with.

    Texts that it was trained on are told apart where `rows` are its training data, for it has
    learned their labels, wrong ones too. Raises `DataError` if no label is one of the model's.
    """
    if model.spec.network.multilabel:
        raise DataError(
            f"{name} gives a text several labels; labels are judged where a text has one"
        )
    given = rows.labels or []
    names = set(model.labels)
    known = np.array([label in names for label in given], bool)
    if not known.any():
        raise DataError(
            f"{rows.source}: has none of the labels of the model: {listed(model.labels)}"
        )
    places = np.flatnonzero(known)
    seen = _seen(rows, model)[places]
    chosen = rows.take(places)
    probabilities = model.predict_proba(chosen.texts, threads=threads)
    unknown = {"the model does not know their label": int((~known).sum())}
    return _suspects(chosen, probabilities, model.labels, seen, name, unknown, show)


def out_of_fold(
    rows: Dataset,
    keys: Sequence[bytes],
    show: int,
    *,
    recipe: str | Preset = "fast",
    threads: int | None = None,
) -> Suspects:
    """The labels that models trained on other texts disagree with, by cross-validation.

    Each different text is judged once, as a copy in another fold would tell its label; `keys`
    are equal where texts are. A label needs a text in each fold. Raises `DataError` when fewer
    than two labels are left.
    """
    require("sklearn", extra="train", purpose="a cross-validation")
    from sklearn.model_selection import StratifiedKFold

    from bothways.estimators import TextClassifier

    given = rows.labels or []
    first = {key: n for n, key in reversed(list(enumerate(keys))) if key}
    once = sorted(first.values())
    counts = Counter(given[n] for n in once)
    places = [n for n in once if counts[given[n]] >= FOLDS]
    labels = sorted({given[n] for n in places})
    if len(labels) < 2:
        raise DataError(
            f"{rows.source}: suspicious labels need two labels with {FOLDS} different texts each "
            f"for cross-validation, got {len(labels)}"
        )
    chosen = rows.take(places)
    names = np.array(chosen.labels)
    probabilities = np.zeros((len(chosen), len(labels)))
    for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(names, names):
        classifier = TextClassifier(preset=recipe, validation=None, threads=threads)
        classifier.fit([chosen.texts[n] for n in train], names[train])
        if classifier.history_.interrupted:  # what it has learned so far is no use here
            raise KeyboardInterrupt
        probabilities[test] = classifier.predict_proba([chosen.texts[n] for n in test])
    unjudged = {
        "they repeat a text or are empty": len(rows) - len(once),
        f"their label has fewer than {FOLDS} different texts": len(once) - len(places),
    }
    name = recipe if isinstance(recipe, str) else recipe.name
    basis = f"{FOLDS}-fold cross-validation with the preset {name}"
    seen = np.zeros(len(places), bool)
    return _suspects(chosen, probabilities, labels, seen, basis, unjudged, show)


def confident(probabilities: NDArray[np.floating], given: NDArray[np.int64]) -> NDArray[np.int64]:
    """The label `(N,)` that each text confidently has, -1 for none, from `probabilities (N, C)`
    and the labels `given (N,)`.

    Northcutt, Jiang & Chuang (2021), "Confident Learning", equation 1: the threshold of a label
    is the mean probability of it among the texts that have it; of the labels whose threshold a
    text reaches, it has the most probable.
    """
    N, C = probabilities.shape
    counts = np.bincount(given, minlength=C)
    sums = np.bincount(given, weights=probabilities[np.arange(N), given], minlength=C)
    thresholds = np.where(counts > 0, sums / np.maximum(counts, 1), np.inf)
    reached = np.where(probabilities >= thresholds, probabilities, -1.0)
    return np.where(reached.max(axis=1) >= 0, reached.argmax(axis=1), -1)


def _suspects(rows, probabilities, labels, seen, basis, unjudged, show) -> Suspects:
    place = {label: c for c, label in enumerate(labels)}
    given = np.array([place[label] for label in rows.labels], np.int64)
    probabilities = np.asarray(probabilities, np.float64)
    has = np.full(len(given), -1)
    # What was seen in training has higher probabilities, and so thresholds of its own.
    for part in (np.flatnonzero(seen), np.flatnonzero(~seen)):
        if len(part):
            has[part] = confident(probabilities[part], given[part])
    # A rare label's threshold is low: it may be reached while the given one is more probable.
    suspicious = (has >= 0) & (has != given) & (probabilities.argmax(axis=1) != given)
    own = probabilities[np.arange(len(given)), given]
    places = np.flatnonzero(suspicious)
    places = places[np.argsort(own[places], kind="stable")]
    return Suspects(
        basis=basis,
        judged=len(given),
        seen=int(seen.sum()),
        count=len(places),
        count_unseen=int((suspicious & ~seen).sum()),
        unjudged={reason: count for reason, count in unjudged.items() if count},
        examples=tuple(
            Suspect(
                text=rows.texts[n],
                place=rows.place(n),
                label=rows.labels[n],
                probability=float(own[n]),
                suggested=labels[has[n]],
                suggested_probability=float(probabilities[n, has[n]]),
                seen=bool(seen[n]),
            )
            for n in places[:show]
        ),
    )


def _seen(rows: Dataset, model: Model) -> NDArray[np.bool_]:
    """Which rows the model was trained on, as far as its facts tell."""
    seen = np.zeros(len(rows), bool)
    parts = training_parts(rows, model.spec.training)
    if parts is not None:
        seen[parts[0]] = True
    return seen
