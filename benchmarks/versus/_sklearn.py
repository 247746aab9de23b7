"""TF-IDF and logistic regression, as the best of a small grid on the held-out file."""

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline


def tfidf(longest: int, least: int, c: float) -> Pipeline:
    """Of n-grams up to `longest` words in `least` texts or more; `c` is the regression's."""
    words = TfidfVectorizer(
        ngram_range=(1, longest), min_df=least, sublinear_tf=True, dtype=np.float32
    )
    return make_pipeline(words, LogisticRegression(C=c, max_iter=1000))


PIPELINES = {"unigrams": lambda: tfidf(1, 1, 3), "with bigrams": lambda: tfidf(2, 2, 30)}
