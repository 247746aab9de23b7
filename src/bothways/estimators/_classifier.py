"""TextClassifier: texts and labels in, a bidirectional LSTM that predicts out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils.validation import check_is_fitted

from bothways.estimators._fit import fit_texts
from bothways.estimators._folder import save_model
from bothways.estimators._partial import Unending, fit_part
from bothways.estimators._parts import as_list
from bothways.estimators._ready import Fitted
from bothways.estimators._targets import codes_of
from bothways.runtime import UNSURE, decide, present, refuse_several
from bothways.training import Preset, Ranks, UnfinishedRun, Watcher

if TYPE_CHECKING:
    from bothways.corpus import Progress as CacheProgress


class TextClassifier(ClassifierMixin, BaseEstimator):
    """A bidirectional LSTM text classifier with scikit-learn's contract.

    `preset` is the name of a recipe (`"fast"`, `"classic"`), a file of one that ends with `.json`,
    or a `bothways.training.Preset`; None is `"fast"`, or the recipe of the model folder
    `start_from`, whose weights training then begins with, words and labels of the data being added
    to the model's; `epochs`, `precision` (`"f32"`, `"bf16"`) and `checkpoint` (tokens between the
    states that are kept for very long texts), `max_length` (the most tokens that are read of a
    text) and `truncate` (which ones: `"head"`, `"tail"` or, both ends, `"middle"`), and
    `directions` (`"both"`, for whole texts, or `"forward"`, for answers after every token:
    `bothways.Stream`) and `lookahead` (so many tokens after each one are all that the reader from
    the right knows there, for answers that come so many tokens late), if given, override the
    recipe's. `validation` is the part of the texts that is held out to choose the best epoch by: a
    fraction or a count, stratified; `"hash:0.1"`, those whose hash is in the lowest tenth, where
    they stay as data grow (`bothways.data.hash_split`); `"column:NAME"`, those of
    `fit(held_out=)`; or None for no part, when the last epoch is kept. `random_state` decides the
    split, the first weights, the order and the dropout: the same value gives the same model bit
    for bit. `class_weight` multiplies the loss of every text of a label: `"balanced"` so that all
    labels count the same in total, a dict from labels to weights (1 for one that is not in it), or
    None. `calibrate` fits a temperature on the validation part, so that probabilities are nearer
    to the truth and labels stay: None where that part has 100 texts or more and texts one label
    each, True refuses any other, False never. `threads` is the number of CPU threads, None for all
    cores; `device` is `"cpu"`, or `"cuda"`, which needs torch.

    After `fit`: `classes_ (C,)` in the order of the probabilities; `model_`, the
    `bothways.Model` that makes every prediction and needs no torch; `history_`, a row for
    each epoch; `n_features_in_` is not there, as a text is no row of numbers.

    >>> from bothways import TextClassifier
    >>> texts = ["good film", "bad film", "good", "bad"] * 8
    >>> classifier = TextClassifier(epochs=1, validation=None).fit(texts, ["+", "-"] * 16)
    >>> classifier.predict_proba(["a good one"]).shape
    (1, 2)
    """

    _unending: Unending | None = None

    def __init__(
        self,
        *,
        preset: str | Preset | None = None,
        epochs: int | None = None,
        precision: str | None = None,
        checkpoint: int | None = None,
        max_length: int | None = None,
        truncate: str | None = None,
        directions: str | None = None,
        lookahead: int | None = None,
        vectors: str | PathLike[str] | None = None,
        start_from: str | PathLike[str] | None = None,
        validation: float | int | str | None = 0.2,
        class_weight: str | Mapping[Any, float] | None = None,
        calibrate: bool | None = None,
        random_state: int = 0,
        threads: int | None = None,
        device: str = "cpu",
    ) -> None:
        self.preset = preset
        self.epochs = epochs
        self.precision = precision
        self.checkpoint = checkpoint
        self.max_length = max_length
        self.truncate = truncate
        self.directions = directions
        self.lookahead = lookahead
        self.vectors = vectors
        self.start_from = start_from
        self.validation = validation
        self.class_weight = class_weight
        self.calibrate = calibrate
        self.random_state = random_state
        self.threads = threads
        self.device = device

    def fit(
        self,
        X: Sequence[str],
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        valid: tuple[Any, ...] | None = None,
        held_out: Sequence[bool] | None = None,
        unlabeled: Sequence[str] | None = None,
        watcher: Watcher | None = None,
        run: UnfinishedRun | None = None,
        ranks: Ranks | None = None,
    ) -> TextClassifier:
        """Train on `N` texts and their labels; what was fitted before is forgotten.

        `y (N,)` is a label for each text. For any number of labels a text it is a collection of
        them for each, or an indicator matrix `(N, C)` of zeros and ones, as scikit-learn's
        `MultiLabelBinarizer` makes it; the network then has a sigmoid for each label.
        `sample_weight (N,)` multiplies the texts' losses, and their share in the validation
        figures that choose the best epoch; only ratios count, as weights are divided by their
        mean. `valid`, texts, labels and perhaps weights, is used instead of holding out a part;
        `held_out (N,)` says which texts `validation="column:NAME"` holds out, as
        `bothways.data.Dataset` has it. From `unlabeled` texts, of the same kind, words are learned
        that the labelled ones lack, and what words mean. `watcher` is told how the training goes.
        An interrupt (Ctrl-C) keeps the best epoch so far. `run`, entered, keeps the state of the
        training, from which it goes on after a kill, with the same parameters and data, to the
        same bits. `ranks` are the processes of `bothways.training.join_ranks`, which all fit the
        same at once, share the work, and all get the model; `run` is for rank 0.

        Raises `DataError` for texts, labels or weights that cannot be used, `ArgumentError` for a
        wrong parameter, `ArtifactError` if the run that should go on was another, and
        `RanksError` if another process is gone or was given something else.
        """
        fitted = fit_texts(
            self, X, y, sample_weight, valid, watcher, unlabeled, run, held_out, ranks
        )
        self._take(fitted)
        return self

    def partial_fit(
        self,
        X: Sequence[str],
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> TextClassifier:
        """Go on learning from a part of the texts: one pass over it.

        The first part, if nothing was fitted, needs `classes (C,)`, all labels that any part will
        have, and decides which words are known. After `fit` training goes on from its weights.
        The rate is the recipe's, or a quarter of it where it would rise and fall; nothing is
        held out or calibrated, and `sample_weight (N,)` counts as given. The optimizer's memory is
        kept between parts, and is not saved with the model.

        Raises as `fit` does, and `ArgumentError` without `classes`, for the class weight
        `"balanced"` and for a GPU.
        """
        unending, fitted = fit_part(self, self._unending, X, y, classes, sample_weight)
        self._take(fitted)
        self._unending = unending
        return self

    def fit_shards(
        self,
        data: str,
        *,
        text: str | None = None,
        label: str | None = None,
        weight: str | None = None,
        label_separator: str | None = None,
        valid: str = "hash:0.1",
        memory: int | str = "1GB",
        cache: str | None = None,
        watcher: Watcher | None = None,
        run: UnfinishedRun | None = None,
        ranks: Ranks | None = None,
        tell: Callable[[str], None] = lambda _: None,
        progress: CacheProgress = lambda what, rows, of: None,
    ) -> TextClassifier:
        """Train on labelled texts that need not fit into memory; what was fitted before is
        forgotten.

        `data` is a folder or a glob of files as `bothways.read` takes them, or one file; the
        columns are as there. The texts are read twice, and kept as ids in the folder `cache`
        (None: `$BOTHWAYS_CACHE`, or `bothways` in `$XDG_CACHE_HOME` or `~/.cache`) for the next
        run with the same data and recipe. `valid` is what is held out, instead of `validation`:
        other DATA, `"hash:0.1"` (see `bothways.data.hash_split`), `"column:NAME"` or `"none"`.
        `memory`, bytes or such as `"2GB"`, is what may be taken beside the model; neither it nor
        `threads` changes the result. Word vectors are learned from about 8,000,000 tokens at
        most, a temperature from about 50,000 texts. `watcher`, `run` and `ranks` as in `fit`;
        `tell` is told in sentences what becomes of the cache, and `progress(what, rows, of)`, by
        any thread, how many rows were read so far, and of how many, None while nobody knows.

        Raises `DataError` for rows that cannot be used or shards that change, `ArgumentError` for
        a wrong parameter or too little memory, `CacheError` where the cache cannot be written,
        and `ArtifactError` if the run that should go on was another.
        """
        from bothways.estimators._fit_shards import fit_shards

        columns = {"text": text, "label": label, "weight": weight}
        columns["label_separator"] = label_separator
        fitted = fit_shards(
            *(self, data, columns, valid, memory, cache, watcher, run, ranks, tell, progress)
        )
        self._take(fitted)
        return self

    def predict_proba(self, X: Sequence[str]) -> NDArray[np.float32]:
        """The probability of each of `classes_`, `(N, C)`, by the runtime that is shipped."""
        check_is_fitted(self, "model_")
        return self.model_.predict_proba(as_list(X), threads=self.threads)

    def predict(self, X: Sequence[str], *, reject_below: float | None = None) -> NDArray[Any]:
        """The most probable of `classes_` for each text, `(N,)`.

        Where a text may have several labels, 1 for each that it has and 0 for others, `(N, C)`
        int64; `model_.predict` gives their names. With `reject_below` it is an array of
        objects, None for a text whose most probable class is less probable than that.
        """
        probabilities = self.predict_proba(X)
        refuse_several(self.model_.spec.network.multilabel, reject_below)
        if self.model_.spec.network.multilabel:
            return present(probabilities, self.model_.spec).astype(np.int64)
        answers = decide(probabilities, self.model_.spec, reject_below).answers
        if reject_below is None:
            return self.classes_[answers]
        found = self.classes_.astype(object)[answers]
        found[answers == UNSURE] = None
        return found

    def score(
        self, X: Sequence[str], y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """The accuracy; where a text may have several labels, that of whole sets of them."""
        predicted = self.predict(X)
        if predicted.ndim == 2:
            y = codes_of(y, len(predicted), self.classes_, True, "y")
        return float(accuracy_score(y, predicted, sample_weight=sample_weight))

    def save(self, folder: str | PathLike[str], *, overwrite: bool = False) -> None:
        """Write the model folder, which `bothways.load` and the command line read.

        Raises `ArtifactError` if something else is there, or it cannot be written whole.
        """
        check_is_fitted(self, "model_")
        save_model(folder, self.fitted_, overwrite=overwrite)

    def _take(self, fitted: Fitted) -> None:
        self.fitted_, self._unending = fitted, None
        self.classes_ = fitted.classes
        self.model_ = fitted.model
        self.history_ = fitted.history

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.input_tags.one_d_array = True
        tags.no_validation = True
        tags.classifier_tags.multi_label = True
        tags.non_deterministic = False
        return tags
