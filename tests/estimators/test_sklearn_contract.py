"""scikit-learn's own checks. They feed rows of numbers, which are no texts: for them alone, a
subclass writes each row as words, so that the contract behind is really exercised."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.utils.estimator_checks import estimator_checks_generator
from sklearn.utils.validation import check_is_fitted, validate_data

from bothways import TextClassifier
from bothways.training import Preset

SMALL = Preset(
    "checks",
    embedding_dim=8,
    hidden_size=4,
    pooling="mean",
    dropout=0.0,
    learning_rate=3e-2,
    batch_size=16,
    epochs=25,
)


class OnNumbers(TextClassifier):
    """A TextClassifier that reads rows of numbers as texts of one word a column."""

    def fit(self, X, y, sample_weight=None):
        X, y = validate_data(self, X, y, multi_output=True)
        return super().fit(as_words(X), y, sample_weight)

    def partial_fit(self, X, y, classes=None, sample_weight=None):
        X, y = validate_data(self, X, y, multi_output=True, reset=not hasattr(self, "model_"))
        return super().partial_fit(as_words(X), y, classes, sample_weight)

    def predict_proba(self, X):
        check_is_fitted(self, "model_")
        return super().predict_proba(as_words(validate_data(self, X, reset=False)))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string, tags.input_tags.one_d_array = False, False
        tags.input_tags.two_d_array, tags.no_validation = True, False
        return tags


def as_words(X):
    def word(column, value):
        return f"c{column}{'minus' if value < 0 else 'plus'}{abs(round(3 * float(value)))}"

    return [" ".join(word(j, v) for j, v in enumerate(row)) for row in X]


# Named here with the reason, and skipped; everything else runs and must pass.
SKIPPED = {
    "check_array_api_input": "asks for SCIPY_ARRAY_API, a setting of the whole process",
    "check_sample_weight_equivalence_on_dense_data": "asks that a text of weight 2 trains the "
    "same bits as the text twice, which in steps over batches drawn at random it does not",
}


def checks():
    """Each check with its estimator, under its name."""
    estimator = OnNumbers(preset=SMALL, validation=None, threads=1)
    for instance, check in estimator_checks_generator(estimator):
        name = check.func.__name__
        marks = [pytest.mark.skip(reason=SKIPPED[name])] if name in SKIPPED else []
        yield pytest.param(instance, check, id=name, marks=marks)


@pytest.mark.parametrize("estimator, check", list(checks()))
@pytest.mark.filterwarnings("ignore")  # some checks provoke warnings on purpose
def test_contract(estimator, check):
    check(estimator)


def test_the_estimator_itself_says_that_it_reads_texts():
    tags = TextClassifier().__sklearn_tags__()
    assert tags.input_tags.string and not tags.input_tags.two_d_array
    assert tags.estimator_type == "classifier"
    assert np.array(as_words(np.array([[1.2, -3]]))).tolist() == ["c0plus4 c1minus9"]
