"""Estimators with scikit-learn's contract; fitting needs the `train` extra."""

from bothways.errors import require

require("sklearn", extra="train", purpose="the estimator")

from bothways.estimators._classifier import TextClassifier  # noqa: E402
from bothways.estimators._fit import recipe_of  # noqa: E402
from bothways.estimators._folder import save_model  # noqa: E402

__all__ = ["TextClassifier", "recipe_of", "save_model"]
