"""scikit-learn's own tools with texts, in every kind of column, with weights."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from bothways import TextClassifier
from bothways.training import preset
from conftest import tiny_corpus

SMALL = replace(preset("classic"), embedding_dim=8, hidden_size=6, epochs=2, learning_rate=2e-2)
TEXTS, LABELS = tiny_corpus()
WEIGHTS = np.arange(1.0, len(TEXTS) + 1)


def small(**options):
    return TextClassifier(**{"preset": SMALL, "validation": None, **options})


def series(values):
    pandas = pytest.importorskip("pandas")
    # Rows that were shuffled keep their index, which is not that of their places.
    return pandas.Series(values, index=np.arange(len(values))[::-1])


COLUMNS = {
    "list": list,
    "array of strings": np.array,
    "array of objects": lambda values: np.array(values, object),
    "series": series,
    "Arrow": pa.array,
    "Arrow in chunks": lambda values: pa.chunked_array([values[:9], values[9:]]),
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_tools_take_every_column(kind):
    X, y = COLUMNS[kind](TEXTS), COLUMNS[kind](LABELS)
    expected = cross_val_score(small(), TEXTS, LABELS, cv=3)
    np.testing.assert_array_equal(cross_val_score(small(), X, y, cv=3), expected)
    calibrated = CalibratedClassifierCV(small(), cv=2).fit(X, y)
    plain = CalibratedClassifierCV(small(), cv=2).fit(TEXTS, LABELS)
    np.testing.assert_array_equal(calibrated.predict_proba(X), plain.predict_proba(TEXTS))
    assert small().fit(X, y).score(X, y) == small().fit(TEXTS, LABELS).score(TEXTS, LABELS)


@pytest.mark.parametrize("kind", ["list", "array of strings", "series"])
def test_weights_reach_the_classifier_within_a_tool(kind):
    X, y, w = (COLUMNS[kind](values) for values in (TEXTS, LABELS, list(WEIGHTS)))
    expected = small().fit(TEXTS, LABELS, WEIGHTS).predict_proba(TEXTS)
    search = GridSearchCV(small(), {"epochs": [2]}, cv=2).fit(X, y, sample_weight=w)
    np.testing.assert_array_equal(search.predict_proba(TEXTS), expected)
    pipeline = make_pipeline(FunctionTransformer(), small())
    pipeline.fit(X, y, textclassifier__sample_weight=w)
    np.testing.assert_array_equal(pipeline.predict_proba(TEXTS), expected)
    weighed = CalibratedClassifierCV(small(), cv=2).fit(X, y, sample_weight=w)
    unweighed = CalibratedClassifierCV(small(), cv=2).fit(X, y)
    assert (weighed.predict_proba(TEXTS) != unweighed.predict_proba(TEXTS)).any()
    scores = cross_val_score(small(), X, y, cv=3, params={"sample_weight": w})
    assert scores.shape == (3,)


def test_class_weights_can_be_searched():
    search = GridSearchCV(
        small(), {"class_weight": [None, "balanced", {"neg": 3}]}, scoring="f1_macro", cv=2
    )
    assert "class_weight" in search.fit(TEXTS, LABELS).best_params_


def test_a_fitted_one_is_copied_and_pickled_whole():
    fitted = small(class_weight={"neg": 2}).fit(TEXTS, LABELS, WEIGHTS)
    again = pickle.loads(pickle.dumps(fitted))
    assert again.get_params() == fitted.get_params() == clone(fitted).get_params()
    np.testing.assert_array_equal(again.predict_proba(TEXTS), fitted.predict_proba(TEXTS))
    assert not hasattr(clone(fitted), "model_")
