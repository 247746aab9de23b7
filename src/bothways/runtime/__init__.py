"""Prediction in NumPy and the kernels: no torch, here or below.

Every prediction of the estimator, the command line and a server runs this code, so what
was scored is what is shipped.
"""

from bothways.runtime._decide import UNSURE, Decisions, decide, refuse_several
from bothways.runtime._documents import documents, labels_of
from bothways.runtime._explain import Explanation
from bothways.runtime._lookahead import Ahead, lookahead_backward, lookahead_forward
from bothways.runtime._model import Model, as_read, load
from bothways.runtime._multilabel import present
from bothways.runtime._network import Network
from bothways.runtime._pooling import pool_backward, pool_forward
from bothways.runtime._prefixes import Prefixes, prefix_probabilities
from bothways.runtime._stream import Answers, Stream, check_reading

__all__ = [
    "UNSURE",
    "Ahead",
    "Answers",
    "Decisions",
    "Explanation",
    "Model",
    "Network",
    "Prefixes",
    "Stream",
    "as_read",
    "check_reading",
    "decide",
    "documents",
    "labels_of",
    "load",
    "lookahead_backward",
    "lookahead_forward",
    "pool_backward",
    "pool_forward",
    "prefix_probabilities",
    "present",
    "refuse_several",
]
