"""From shards that need not fit into memory to a model, in the order in which it happens."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bothways._amounts import parse_size, size
from bothways.corpus import Corpus, Input, Plan, Progress, Tally, cache_root, open_corpus
from bothways.data import Dataset, find_shards, first_columns, held_out_column, held_out_rows, show
from bothways.errors import ArgumentError, DataError
from bothways.estimators._blockwise import BUFFER, Blockwise, unweighted
from bothways.estimators._calibrate import wants_calibration
from bothways.estimators._fit import (
    place_prior,
    recipe_from,
    spec_of,
    training_facts,
    vectorizer_of,
)
from bothways.estimators._key import run_key
from bothways.estimators._ready import Fitted, Ready, train_ready
from bothways.estimators._start import Start, start_of
from bothways.estimators._targets import check_labels_there
from bothways.estimators._vectors import coverage_of_words, learned, vectors_of
from bothways.estimators._weights import Weights, class_weights, weight_facts
from bothways.kernels import default_threads
from bothways.training import Preset, Ranks, UnfinishedRun, Watcher, for_texts

LEARNED_TOKENS = 8_000_000
"""Tokens that word vectors are learned from at most, about."""

# Bytes, as measured: the process and its libraries, with a batch in work; and what learning word
# vectors takes for each token.
_PROCESS = 250 * 10**6
_LEARNING = 80


def fit_shards(
    estimator: Any,
    data: str,
    columns: dict[str, Any],
    valid: str,
    memory: int | str,
    cache: str | None,
    watcher: Watcher | None,
    run: UnfinishedRun | None,
    ranks: Ranks | None,
    tell: Callable[[str], None],
    progress: Progress,
) -> Fitted:
    """See `TextClassifier.fit_shards`."""
    started = time.perf_counter()
    start = start_of(estimator)
    recipe = recipe_from(estimator, start)
    if start is not None:
        start.check(recipe)
    budget = parse_size(memory)
    _check_memory(budget, recipe, 0, start)
    plan = _plan(data, columns, valid, recipe, start)
    how: dict[str, Any] = {"memory": budget, "threads": estimator.threads or default_threads()}
    how |= {"tell": tell, "progress": progress}
    with open_corpus(plan, cache_root(cache), **how) as corpus:
        ready = _prepared(estimator, recipe, start, plan, corpus, budget)
        return train_ready(estimator, ready, started, watcher, run, ranks)


def _check_memory(budget: int, recipe: Preset, tokens: int, start: Start | None) -> None:
    """Raise `ArgumentError` if learning from `tokens` takes more than `budget` beside the model."""
    learning = _LEARNING * min(tokens, LEARNED_TOKENS)
    if recipe.word_vectors == "random" or start is not None:
        learning = 0  # no vectors are learned
    least = _PROCESS + max(3 * BUFFER, learning)
    if budget < least:
        raise ArgumentError(
            f"got {size(budget)} of memory (--memory), and training with the preset "
            f"{recipe.name!r} takes at least {-(-least // 10**6)}MB beside the model"
        )


def _plan(
    data: str, columns: dict[str, Any], valid: str, recipe: Preset, start: Start | None
) -> Plan:
    choose = None
    if valid.startswith(("hash:", "column:")):
        held_out_rows(valid, [], [])  # refuses what is no fraction, or no name
        choose = partial(_held_out, valid)
        columns = {**columns, "held_out": held_out_column(valid)}
    inputs = _inputs(data, columns, False)
    if choose is None and valid != "none":
        inputs += _inputs(valid, columns, True)
    rules, words = vectorizer_of(recipe).get_config(), list[str]()
    if start is not None:
        rules, words = start.rules(recipe)
    labels = () if start is None else start.spec.labels
    # The two are no more than said from here on, in messages, the cache and the model.
    source, held_out = show(data), show(valid)
    return Plan(
        *(source, held_out, tuple(inputs), columns, rules, choose, tuple(words), tuple(labels))
    )


def _held_out(valid: str, piece: Dataset) -> NDArray[np.bool_]:
    return held_out_rows(valid, piece.texts, piece.held_out)


def _inputs(data: str, columns: dict[str, Any], held_out: bool) -> list[Input]:
    """The shards of DATA, which must all have the columns of the first."""
    shards = find_shards(data)
    like = first_columns(shards, **columns, multilabel=True)
    return [Input(shard, held_out, like) for shard in shards]


def _prepared(
    estimator: Any,
    recipe: Preset,
    start: Start | None,
    plan: Plan,
    corpus: Corpus,
    budget: int,
) -> Ready:
    train_tally, valid_tally = corpus.tallies["train"], corpus.tallies["valid"]
    if start is not None:
        start.check_several(corpus.sets)
    _check_memory(budget, recipe, train_tally.kept, start)
    classes, several = np.array(corpus.labels), corpus.sets
    texts_of = _by_label(train_tally.labels, corpus.labels, np.int64)
    # The labels that data have; a model that training starts from may know more.
    own = [name for name in corpus.labels if corpus.has(name)]
    is_own = np.isin(classes, own)
    recipe = for_texts(recipe, train_tally.texts, train_tally.kept)
    of_preset = recipe
    recipe, vectors = vectors_of(estimator, recipe, corpus.vectorizer)
    spec = spec_of(recipe, corpus.vectorizer, corpus.labels, several)
    of_classes = None
    if estimator.class_weight is not None:
        of_classes = np.ones(len(classes))
        of_classes[is_own] = class_weights(
            *(estimator.class_weight, texts_of[is_own], train_tally.texts, several),
            classes[is_own],
        )
    weighted = plan.columns.get("weight") is not None
    scale = _mean_weight(train_tally, corpus.labels, of_classes, several)
    sums = _label_sums(train_tally, corpus.labels, of_classes, several, scale)
    source = partial(
        Blockwise,
        spec=spec,
        of_classes=of_classes,
        own_weights=weighted,
        scale=scale,
        seed=estimator.random_state,
        ahead=budget >= _PROCESS + 4 * BUFFER,
    )
    train = source(corpus.blocks["train"])
    held_out = None
    if plan.valid != "none":
        _check_held_out(plan, corpus, own)
        held_out = source(corpus.blocks["valid"])
        # Of several labels, weights act on the loss alone: a metric weighs texts.
        held_out = unweighted(held_out) if several else held_out
        if not _weight(valid_tally, corpus.labels, held_out.of_classes, several):
            raise DataError("every text of the validation part has the weight 0")
    calibrated = wants_calibration(estimator, valid_tally.counted)
    facts: dict[str, Any] = {}
    if vectors is not None:
        facts = coverage_of_words(estimator, of_preset, vectors, corpus.words)
    elif start is not None:
        facts = start.facts(list(corpus.labels), own, corpus.vectorizer)
    elif recipe.word_vectors != "random":
        ids, codes = train.sample(LEARNED_TOKENS)
        threads = estimator.threads or default_threads()
        seed = estimator.random_state
        vectors = learned(recipe, corpus.vectorizer, ids, codes, [], seed, threads)
        if len(ids) < train.texts:
            facts = {"vectors_learned_from": {"texts": len(ids), "tokens": len(ids.values)}}
        del ids, codes
    spread = (train_tally.least, train_tally.most) if weighted else None
    return Ready(
        classes=classes,
        recipe=recipe,
        spec=spec,
        train=train,
        held_out=held_out,
        vectors=vectors,
        place=(
            partial(place_prior, recipe, sums)
            if start is None
            else partial(start.place, list(corpus.labels))
        ),
        facts={
            **facts,
            **weight_facts(spread, None if of_classes is None else of_classes[is_own], own),
            **training_facts(
                estimator, recipe, corpus.labels, several, texts_of, train_tally.truncation
            ),
            "shards": len(plan.inputs),
            "validation": None if plan.valid == "none" else plan.valid,
            "fingerprint": corpus.fingerprint,
            "content": _content(plan, train_tally, valid_tally),
        },
        key=partial(
            run_key, estimator, recipe, corpus.fingerprint, corpus.vectorizer, "shards", plan.valid
        ),
        truncation=train_tally.truncation,
        calibrated=calibrated,
        some=next((held_out or train).pieces(1)),
    )


def _content(plan: Plan, train: Tally, valid: Tally) -> str:
    """By which `is_data_of` knows DATA again, without a validation part that stood elsewhere."""
    inside = plan.choose is not None
    return f"{(train.content + inside * valid.content) % 2**256:064x}"


def _check_held_out(plan: Plan, corpus: Corpus, labels: list[str]) -> None:
    """Raise `DataError` for a validation part without texts, or, unless chance made it, without
    one of the labels."""
    tally = corpus.tallies["valid"]
    if not tally.texts:
        learned = corpus.tallies["train"].texts
        raise DataError(f"{plan.source}: {plan.valid!r} holds out none of {learned:,} texts")
    if not plan.by_chance:
        check_labels_there(set(tally.labels), labels)


def _by_label(counts: Any, labels: tuple[str, ...], dtype: type) -> NDArray[Any]:
    return np.array([counts.get(label, 0) for label in labels], dtype)


def _label_sums(
    tally: Tally,
    labels: tuple[str, ...],
    of_classes: Weights | None,
    several: bool,
    scale: float,
) -> tuple[Weights, Weights | None]:
    """What `label_sums` gives of all texts."""
    own = _by_label(tally.weights, labels, np.float64)
    having = own if of_classes is None else own * of_classes
    return having / scale, (tally.weight - own) / scale if several else None


def _weight(
    tally: Tally, labels: tuple[str, ...], of_classes: Weights | None, several: bool
) -> float:
    """The sum of all weights as `text_weights` gives them."""
    own = _by_label(tally.weights, labels, np.float64)
    if several:
        # Each of C labels counts the text's weight, and that of its class where it is present.
        extra = 0.0 if of_classes is None else float((of_classes - 1) @ own)
        return tally.weight * (1 if of_classes is None else len(labels)) + extra
    return float(own.sum() if of_classes is None else of_classes @ own)


def _mean_weight(
    tally: Tally, labels: tuple[str, ...], of_classes: Weights | None, several: bool
) -> float:
    """A mean weight of 1 keeps the steps as long as without weights. Raises `DataError` if it
    is 0."""
    found = _weight(tally, labels, of_classes, several)
    if not found:
        raise DataError("every text of the training part has the weight 0")
    return found / (tally.texts * (len(labels) if several and of_classes is not None else 1))
