"""autotune: texts, labels and a time in; the best classifier that was found out."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

from sklearn.base import clone

from bothways._amounts import parse_duration, parse_size
from bothways.data import held_out_rows
from bothways.errors import ArgumentError, require
from bothways.estimators import TextClassifier, recipe_of
from bothways.runtime import Model
from bothways.text import TextVectorizer
from bothways.training import History, Preset, Watcher, for_texts, preset_json
from bothways.tuning._budget import Budget, Cost
from bothways.tuning._search import Found, Limits, Report, search
from bothways.tuning._size import KEPT, Sizes
from bothways.tuning._space import SPACE, Space
from bothways.vectors import read_vectors


def autotune(
    texts: Any,
    labels: Any,
    *,
    seconds: float | str,
    max_size: int | str | None = None,
    trials: int | None = None,
    classifier: TextClassifier | None = None,
    space: Space = SPACE,
    report: Report | None = None,
    watcher: Watcher | None = None,
    started: float | None = None,
    **fit: Any,
) -> TextClassifier:
    """The most accurate classifier that is found within `seconds` (or `"10m"`), fitted.

    Recipes are trained one after another, first that of `classifier` (a `TextClassifier`, the
    default one if not given), then others around it in `space`, and judged by the validation
    part. `max_size`, bytes or as in `"5MB"`, is the most that the model's folder may take;
    `trials`, how many recipes to try at most. Parameters of the classifier that override its
    recipe, such as `epochs`, are kept. `report` is called with each `Trial`; `watcher` watches
    every training; `fit` goes to `TextClassifier.fit`. `started`, by `time.monotonic`, is when
    the time began, if that was before. An interrupt (Ctrl-C) keeps the best so far.

    What comes back has `trials_`, every `Trial`; its `preset` is the recipe that was best, and the
    saved folder holds it as `preset.json`, and the fifty best trials as `trials.jsonl`;
    `history_.interrupted` speaks of the whole search. Its accuracy on the validation part is
    that of the best of many, and so better than it will be on other texts.

    Raises `ArgumentError` for a limit that cannot be met, `MissingExtraError` without Optuna,
    and what `TextClassifier.fit` raises.
    """
    require("optuna", extra="tune", purpose="autotune")
    budget = Budget(parse_duration(seconds), started=started)
    classifier = TextClassifier() if classifier is None else classifier
    if classifier.validation is None and fit.get("valid") is None:
        raise ArgumentError("autotune chooses by a validation part, and none is held out")
    if trials is not None and (not isinstance(trials, int) or trials < 1):
        raise ArgumentError(f"trials must be a whole number from 1, got {trials!r}")
    base = first_recipe(classifier, texts, fit.get("valid"), fit.get("held_out"))
    most = None if max_size is None else parse_size(max_size)
    vectorizer = TextVectorizer(
        standardize=base.standardize, output_sequence_length=base.length
    ).adapt(texts)
    sizes, cost = _measured(texts, labels, vectorizer)
    overridden = {name for name in vars(base) if getattr(classifier, name, None) is not None}
    if classifier.vectors is not None:  # the embedding is as wide as they are
        width = read_vectors(classifier.vectors, vectorizer).rows.shape[1]
        base = replace(base, embedding_dim=width)
        overridden |= {"embedding_dim", "word_vectors"}

    def train(recipe: Preset, watch: Watcher) -> tuple[TextClassifier, History]:
        one = clone(classifier).set_params(preset=recipe)
        one.fit(texts, labels, watcher=watch, **fit)
        return one, one.history_

    found = search(
        *(train, base, sizes, cost, Limits(budget, most, trials)),
        fixed=overridden,
        space=space,
        seed=classifier.random_state,
        report=report,
        watcher=watcher,
    )
    return _with_story(found, budget, most)


def first_recipe(
    classifier: TextClassifier, texts: Any, valid: Any = None, held_out: Any = None
) -> Preset:
    """The recipe that a search begins with: that of `classifier`, with as many epochs as it has
    for so many texts, less those that it holds out where there are no others, `valid`; `held_out`
    as for `TextClassifier.fit`."""
    part = classifier.validation if valid is None else None
    if isinstance(part, str):
        part = int(held_out_rows(part, texts, held_out).sum())
    elif isinstance(part, float):
        part = round(part * len(texts))
    recipe, learned = recipe_of(classifier), len(texts) - (part or 0)
    tokens = sum(len(text.split()[: recipe.length]) for text in texts)
    return for_texts(recipe, learned, round(tokens * learned / max(1, len(texts))))


def _measured(texts: Any, labels: Any, vectorizer: TextVectorizer) -> tuple[Sizes, Cost]:
    """The sizes and costs of recipes on these texts.

    The words of the validation part are among them, so that a model has no more. Vectorizing is
    not kept between trials: 25,000 reviews take a quarter of a second, and a training ten.
    """
    _, cut = vectorizer.encode(texts)
    arrow, values = hasattr(labels, "to_pylist"), [] if labels is None else labels
    values = labels.to_pylist() if arrow else list(values)
    several = (value if isinstance(value, list | tuple | set) else [value] for value in values)
    names = sorted({str(name) for row in several for name in row})
    if getattr(labels, "ndim", 1) == 2:  # a column a label
        names = [str(column) for column in range(labels.shape[1])]
    return Sizes(vectorizer.get_vocabulary()[2:], names), Cost(
        len(values), cut.tokens - cut.cut_tokens
    )


def _with_story(found: Found, budget: Budget, max_size: int | None) -> TextClassifier:
    """The best classifier, its search told in the model's facts and in files of its folder."""
    classifier: TextClassifier = found.made
    best = found.best
    assert best is not None
    classifier.trials_ = found.trials
    classifier.history_.interrupted = found.interrupted
    facts = {
        "budget_seconds": budget.seconds,
        "seconds": round(budget.used, 2),
        "max_size": max_size,
        "trials": len(found.trials),
        "finished": sum(trial.state == "finished" for trial in found.trials),
        "best_trial": best.number,
        "changes": best.changes,
        "first_accuracy": found.trials[0].accuracy,
    }
    fitted = classifier.fitted_
    spec = replace(fitted.model.spec, training={**fitted.model.spec.training, "autotune": facts})
    ranked = sorted(found.trials, key=lambda t: (t.accuracy is None, -(t.accuracy or 0)))
    rows = sorted(ranked[:KEPT], key=lambda t: t.number)
    extras = {
        "preset.json": preset_json(found.recipe).encode(),
        "trials.jsonl": "".join(json.dumps(asdict(row)) + "\n" for row in rows).encode(),
    }
    classifier._take(fitted._replace(model=Model(spec, fitted.tensors), extras=extras))
    return classifier
