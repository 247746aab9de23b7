"""Several labels a text, or none: what is learned, in which forms, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from sklearn.metrics import accuracy_score, f1_score, log_loss
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.preprocessing import MultiLabelBinarizer

import bothways
from bothways import TextClassifier
from bothways.data import rarest_labels
from bothways.errors import DataError
from bothways.estimators._targets import targets_of
from bothways.training import preset

SMALL = replace(
    preset("classic"),
    embedding_dim=8,
    hidden_size=6,
    epochs=15,
    learning_rate=3e-2,
    batch_size=16,
)
WORDS = ("red", "blue", "old")


def corpus(rows=150, seed=0):
    """Texts that have the label of each colour or age that they name."""
    rng = np.random.default_rng(seed)
    matrix = rng.integers(0, 2, (rows, 3))
    texts = ["a film " + " ".join(np.array(WORDS)[row == 1]) for row in matrix]
    return texts, matrix


TEXTS, MATRIX = corpus()
SETS = [tuple(np.array(WORDS)[row == 1].tolist()) for row in MATRIX]


def several(**options):
    return TextClassifier(**{"preset": SMALL, "validation": None, **options})


@pytest.fixture(scope="module")
def fitted():
    return several(validation=50).fit(TEXTS, SETS)


def test_each_label_is_learned(fitted):
    texts, matrix = corpus(60, seed=1)
    assert fitted.classes_.tolist() == ["blue", "old", "red"]
    predicted = fitted.predict(texts)
    assert predicted.dtype == np.int64
    assert f1_score(matrix[:, [1, 2, 0]], predicted, average="micro") > 0.95
    assert fitted.model_.predict(["a film red old", "a film"]) == [["old", "red"], []]


def test_probabilities_are_each_labels_own(fitted):
    probabilities = fitted.predict_proba(TEXTS)
    np.testing.assert_array_equal(fitted.predict(TEXTS), probabilities >= 0.5)
    assert probabilities.shape == (150, 3)
    assert probabilities.sum(axis=1).max() > 2 and probabilities.sum(axis=1).min() < 0.5


def test_the_best_epoch_is_that_of_micro_f1(fitted):
    best = fitted.history_.best
    assert best.valid_f1 == max(epoch.valid_f1 for epoch in fitted.history_)
    quality = fitted.model_.spec.quality
    assert (quality["micro_f1"], quality["accuracy"]) == (best.valid_f1, best.valid_accuracy)


def test_validation_figures_are_scikit_learns():
    texts, matrix = corpus(40, seed=2)
    weights = np.arange(40)
    classifier = several(preset=replace(SMALL, epochs=2))
    classifier.fit(TEXTS, MATRIX, valid=(texts, matrix, weights))
    best, p = classifier.history_.best, classifier.predict_proba(texts).astype(np.float64)
    losses = [log_loss(matrix[:, c], p[:, c], sample_weight=weights) for c in range(3)]
    assert best.valid_loss == pytest.approx(sum(losses))
    guess = classifier.predict(texts)
    assert best.valid_accuracy == accuracy_score(matrix, guess, sample_weight=weights)
    assert best.valid_f1 == f1_score(matrix, guess, average="micro", sample_weight=weights)


def test_every_form_of_labels_is_the_same_training():
    recipe = replace(SMALL, epochs=1)
    columns = [1, 2, 0]  # as the labels are sorted
    expected = several(preset=recipe).fit(TEXTS, SETS).predict_proba(TEXTS)
    matrix = MATRIX[:, columns]
    forms = [
        matrix,
        matrix.astype(bool),
        matrix.tolist(),
        csr_matrix(matrix),
        [set(labels) for labels in SETS],
        [[*labels, *labels] for labels in SETS],
        pa.array([list(labels) for labels in SETS]),
        np.array([*map(list, SETS), None], object)[:-1],
    ]
    for y in forms:
        got = several(preset=recipe).fit(TEXTS, y).predict_proba(TEXTS)
        np.testing.assert_array_equal(got, expected)


def test_pandas_names_its_columns():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(MATRIX, columns=list(WORDS))
    classifier = several(preset=replace(SMALL, epochs=1)).fit(pandas.Series(TEXTS), frame)
    assert classifier.classes_.tolist() == list(WORDS)
    series = pandas.Series(list(map(list, SETS)))
    again = several(preset=replace(SMALL, epochs=1)).fit(TEXTS, series)
    assert again.classes_.tolist() == sorted(WORDS)


def test_the_columns_of_another_table_are_found_by_their_names(fitted):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(MATRIX, columns=list(WORDS))
    assert fitted.score(TEXTS, frame) == fitted.score(TEXTS, frame[["old", "red", "blue"]])
    once = several(preset=replace(SMALL, epochs=1))
    valid = [(TEXTS, frame), (TEXTS, frame[["old", "red", "blue"]])]
    loss, other = (once.fit(TEXTS, frame, valid=v).history_.best.valid_loss for v in valid)
    assert loss == other
    with pytest.raises(DataError, match="the label 'new', which no training text has"):
        once.fit(TEXTS, frame, valid=(TEXTS, frame.rename(columns={"old": "new"})))
    with pytest.raises(DataError, match="two columns of labels with the name 'red'"):
        once.fit(TEXTS, frame[["red", "blue", "red"]])


def test_an_arrow_table_has_names_too(fitted):
    names, matrix = ["old", "red", "blue"], MATRIX[:, [2, 0, 1]]
    table = pa.table([pa.array(column == 1) for column in matrix.T], names=names)
    assert fitted.score(TEXTS, table) == fitted.score(TEXTS, SETS)
    once = several(preset=replace(SMALL, epochs=1)).fit(TEXTS, table)
    assert once.classes_.tolist() == names
    with pytest.raises(DataError, match="part has no column for the label 'red'"):
        once.fit(TEXTS, table, valid=(TEXTS, table.drop_columns(["red"])))


def test_score_takes_each_form(fitted):
    right = accuracy_score(MATRIX[:, [1, 2, 0]], fitted.predict(TEXTS))
    assert fitted.score(TEXTS, SETS) == fitted.score(TEXTS, MATRIX[:, [1, 2, 0]]) == right


def test_searching_and_cross_validating():
    recipe = replace(SMALL, epochs=1)
    y = MultiLabelBinarizer().fit_transform(SETS)
    scores = cross_val_score(several(preset=recipe), TEXTS, y, scoring="f1_micro", cv=3)
    assert len(scores) == 3
    search = GridSearchCV(several(preset=recipe), {"epochs": [1, 6]}, cv=KFold(2))
    assert search.fit(TEXTS, y).best_params_ == {"epochs": 6}


def test_saved_and_read_again(fitted, tmp_path):
    fitted.save(tmp_path / "m")
    model = bothways.load(tmp_path / "m")
    assert model.spec.task == "multilabel" and model.spec.format_version == 3
    np.testing.assert_array_equal(model.predict_proba(TEXTS), fitted.predict_proba(TEXTS))
    card = (tmp_path / "m" / "README.md").read_text()
    assert "any number of the labels" in card and "held-out micro F1" in card


def test_weights_of_labels_find_the_rare_ones():
    rng = np.random.default_rng(0)
    has = rng.uniform(size=(400, 2)) < [0.05, 0.5]
    # "odd" stands in most texts with the first label, and in one of ten without it.
    odd = rng.uniform(size=400) < np.where(has[:, 0], 0.7, 0.1)
    texts = [
        f"film {'odd' * o} {'red' * r}"
        for o, r in zip(odd.tolist(), has[:, 1].tolist(), strict=True)
    ]
    plain = several().fit(texts, has).predict(texts)
    balanced = several(class_weight="balanced").fit(texts, has)
    assert plain[:, 0].sum() == 0
    assert (balanced.predict(texts)[:, 0] == odd).all()
    weights = balanced.model_.spec.training["class_weight"]
    assert weights["0"] == pytest.approx((~has[:, 0]).sum() / has[:, 0].sum())
    given = several(class_weight={0: weights["0"], 1: weights["1"]}).fit(texts, has)
    np.testing.assert_allclose(given.predict_proba(texts), balanced.predict_proba(texts), rtol=1e-5)


@given(st.lists(st.sets(st.sampled_from("abcd")), min_size=1))
def test_the_rarest_label_stands_for_a_text(sets):
    counts = {label: sum(label in labels for labels in sets) for label in "abcd"}
    for labels, rarest in zip(sets, rarest_labels([tuple(s) for s in sets]), strict=True):
        assert (rarest in labels) if labels else rarest == ""
        assert all(counts[rarest] <= counts[label] for label in labels)


def test_rare_labels_are_on_both_sides():
    sets = [("common",)] * 95 + [("common", "rare")] * 5
    classifier = several(preset=replace(SMALL, epochs=1), validation=0.2)
    facts = classifier.fit(["x"] * 100, sets).model_.spec.training
    assert facts["labels"] == {"common": 80, "rare": 4}
    assert facts["labels_a_text"] == pytest.approx(84 / 80)


@given(st.lists(st.sets(st.sampled_from("abcd")), min_size=3))
def test_a_matrix_and_its_collections_are_the_same_targets(sets):
    binarizer = MultiLabelBinarizer()
    matrix = binarizer.fit_transform(sets)
    if matrix.shape[1] < 2:
        return
    one, other = targets_of([tuple(s) for s in sets], len(sets)), targets_of(matrix, len(sets))
    assert one.names == binarizer.classes_.tolist()
    np.testing.assert_array_equal(one.codes, other.codes)


@pytest.mark.parametrize(
    "y, message",
    [
        ([["a"], "b"], "the labels at place 1 are 'b', expected a collection of labels"),
        ([["a"], None], "the labels at place 1 are None, expected a collection"),
        ([["a"], ["b", 0.5]], "a label at place 1 is 0.5, expected a string, a whole number"),
        ([["a"], ["b", None]], "a label at place 1 is None"),
        ([["a"], [1]], "of several types that have no order"),
        ([["a"], ["a"]], r"two or more labels \(classes\) to tell apart, got 1: 'a' alone"),
        ([[], []], "no text has a label"),
        ([["a"]], "expected one label for each of 2 texts, got 1 collections"),
        (np.array([[0, 2], [1, 0]]), "Unknown label type: multiclass-multioutput; several labels"),
        (np.zeros((2, 3), int), "no text has a label"),
        (np.array([["a", "b"], ["b", "c"]]), "several labels a text are a matrix of zeros"),
    ],
)
def test_what_is_no_labels(y, message):
    with pytest.raises(DataError, match=message):
        targets_of(y, 2)


@pytest.mark.parametrize(
    "train, valid, message",
    [
        (SETS, ["red"] * 9, "validation part has one label a text, expected several"),
        (["a", "b"] * 75, [["a"]] * 9, "has several labels a text, expected one label a text"),
        (SETS, [["red", "green"]] * 9, "has the label 'green', which no training text has"),
        (SETS, [["red"]] * 9, "no text with the label 'blue' .nor with 1 others., so the best"),
        (MATRIX, np.ones((9, 2), int), "has 2 columns of labels, expected 3"),
        (["a", "b"] * 75, ["a"] * 9, "no text with the label 'b', so the best epoch would be"),
    ],
)
def test_validation_labels_that_do_not_fit(train, valid, message):
    with pytest.raises(DataError, match=message):
        several().fit(TEXTS, train, valid=(["x"] * 9, valid))
