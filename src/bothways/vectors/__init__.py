"""Word vectors for the words of a vocabulary: others' from a file, or learned from the texts
and their labels.

Files are read as a stream, and the rows of the vocabulary's words alone are kept: a file of
gigabytes takes little memory.
"""

from bothways.vectors._labels import tell_labels
from bothways.vectors._learn import learn_vectors
from bothways.vectors._read import read_vectors
from bothways.vectors._rows import SPREAD, Vectors

__all__ = ["SPREAD", "Vectors", "learn_vectors", "read_vectors", "tell_labels"]
