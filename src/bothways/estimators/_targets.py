"""Labels as people have them, and as the training reads them: one a text, or any number."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import MultiLabelBinarizer
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import column_or_1d

from bothways.errors import DataError

Codes = NDArray[np.int64] | NDArray[np.bool_]


class Targets(NamedTuple):
    """`classes (C,)`, sorted, and `codes` into them: the place of each text's label, `(N,)`
    int64, or, where a text may have several or none, whether it has each, `(N, C)` bool."""

    classes: NDArray[Any]
    codes: Codes

    @property
    def multilabel(self) -> bool:
        return self.codes.ndim == 2

    @property
    def names(self) -> list[str]:
        """The labels as strings, as a model writes them."""
        return [str(label) for label in self.classes.tolist()]


def targets_of(y: Any, texts: int, classes: Any = None) -> Targets:
    """Labels of `N` texts from a list, array, Series or Arrow column of them.

    Several labels a text are a collection of labels each (list, tuple, set, array), or, for all
    together, an indicator matrix `(N, C)` of zeros and ones: array, DataFrame or sparse matrix.
    Lists of equal length that hold only zeros and ones are such a matrix. The classes are those
    that the texts have, or `classes`.

    Raises `DataError` for another number of labels than texts, for missing ones, for what is no
    label, and for fewer than two distinct labels.
    """
    targets = _targets(y, texts)
    if classes is not None:
        several = targets.multilabel
        try:
            known = np.unique(classes)
        except TypeError:
            raise DataError("the classes are of several types that have no order") from None
        if several and has_columns(y):  # whose columns are these, in the order as given
            known = np.array(list(classes))
        targets = Targets(known, codes_of(y, texts, known, several, "this part"))
    found = targets.codes.any(axis=0) if targets.multilabel else targets.classes
    if targets.multilabel and classes is None and not found.any():
        raise DataError("no text has a label; a classifier needs two or more to learn")
    if len(targets.classes) < 2:
        raise DataError(
            "a classifier needs two or more labels (classes) to tell apart, "
            f"got {len(targets.classes)}"
            + (f": {targets.names[0]!r} alone, 1 class" if len(targets.classes) else "")
        )
    return targets


def codes_of(y: Any, texts: int, classes: NDArray[Any], multilabel: bool, where: str) -> Codes:
    """Labels of `N` other texts by their places in `classes`; the columns of a matrix are these,
    those of a table the ones of their names, in any order.

    Raises `DataError`, naming `where`, as `targets_of` does, and for an unknown label.
    """
    found = _targets(y, texts)
    if found.multilabel != multilabel:
        words = ("one label a text", "several labels a text")
        got, expected = words[found.multilabel], words[multilabel]
        raise DataError(f"{where} has {got}, expected {expected} as in training")
    names = found.classes.tolist()
    if multilabel and has_columns(y) and not has_names(y):
        if len(names) != len(classes):
            raise DataError(f"{where} has {len(names)} columns of labels, expected {len(classes)}")
        names = classes.tolist()
    place = {label: n for n, label in enumerate(classes.tolist())}
    for label in names:
        if label not in place:
            raise DataError(f"{where} has the label {str(label)!r}, which no training text has")
    if multilabel and has_columns(y):
        for label in (name for name in place if name not in names):
            raise DataError(f"{where} has no column for the label {str(label)!r}")
    places = np.array([place[label] for label in names], np.int64)
    if not found.multilabel:
        return places[found.codes.astype(np.int64)]
    codes = np.zeros((texts, len(place)), np.bool_)
    codes[:, places] = found.codes
    return codes


def check_every_label(codes: Codes, names: list[str]) -> None:
    """Raise `DataError` if no validation text has one of the labels that training learns."""
    places = np.nonzero(codes)[1] if codes.ndim == 2 else codes
    check_labels_there({names[n] for n in np.unique(places).tolist()}, names)


def check_labels_there(there: Collection[str], names: Iterable[str]) -> None:
    """The same of the labels that are there."""
    missing = [name for name in names if name not in there]
    if missing:
        more = f" (nor with {len(missing) - 1:,} others)" if len(missing) > 1 else ""
        raise DataError(
            f"the validation part has no text with the label {missing[0]!r}{more}, so the best "
            "epoch would be chosen without it"
        )


def has_columns(y: Any) -> bool:
    """Whether several labels a text are the columns of a matrix, and no collections of names."""
    return not _are_collections(_plain(y))


def has_names(y: Any) -> bool:
    """Whether the columns have names, as those of a table, so that their order says nothing."""
    return _names(y) is not None


def _names(y: Any) -> Any:
    """Of the columns of an Arrow table or of another one; None where they have none."""
    return getattr(y, "column_names", getattr(y, "columns", None))


def _plain(y: Any) -> Any:
    """Without what is particular to sparse matrices, Arrow tables and Arrow columns."""
    y = y.toarray() if hasattr(y, "toarray") else y
    if hasattr(y, "column_names"):
        return np.stack([np.asarray(column) for column in y.columns], axis=1)
    return y.to_pylist() if hasattr(y, "to_pylist") else y


def _targets(y: Any, texts: int) -> Targets:
    if y is None:
        raise DataError("requires y to be passed, but the target y is None")
    names = _names(y)
    y = _plain(y)
    if _are_collections(y):
        rows = list(y)
        _check_count(texts, f"got {len(rows)} collections of labels", len(rows))
        return _from_collections(rows)
    labels = np.asarray(y)
    _check_count(texts, f"got labels of shape {labels.shape}", *labels.shape[:1])
    if labels.ndim == 2 and labels.shape[1] > 1:
        return _from_indicator(labels, names)
    if labels.ndim == 2:
        labels = column_or_1d(labels, warn=True)  # scikit-learn's way with a column of labels
    if labels.ndim != 1:
        raise DataError(
            f"expected one label for each of {texts} texts, got labels of shape {labels.shape}"
        )
    missing = [n for n, v in enumerate(labels.tolist()) if v is None or v != v]
    if missing:
        raise DataError(f"{len(missing)} labels are missing, the first at place {missing[0]}")
    kind = type_of_target(labels, input_name="y") if len(labels) else "binary"
    if kind not in ("binary", "multiclass"):
        raise DataError(
            f"Unknown label type: {kind}; a label is a string, a whole number or a bool"
        )
    return Targets(*np.unique(labels, return_inverse=True))


def _check_count(texts: int, got: str, *count: int) -> None:
    if count != (texts,):
        raise DataError(f"expected one label for each of {texts} texts, {got}")


def _is_collection(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.ndim == 1
    return isinstance(value, list | tuple | set | frozenset)


def _are_collections(y: Any) -> bool:
    """Whether `y` holds collections of labels, and is no matrix of zeros and ones."""
    if getattr(y, "ndim", 1) != 1 or isinstance(y, str) or not hasattr(y, "__iter__"):
        return False
    rows = list(y)
    if not any(_is_collection(row) for row in rows):
        return False
    ordered = all(isinstance(row, list | tuple | np.ndarray) for row in rows)
    if ordered and len({len(row) for row in rows}) == 1 and len(rows[0]) > 1:
        return not all(value in (0, 1) for row in rows for value in row)
    return True


def _from_indicator(labels: NDArray[Any], names: Sequence[Any] | None) -> Targets:
    kind = type_of_target(labels, input_name="y") if len(labels) else "multilabel-indicator"
    zeros_and_ones = labels.dtype.kind in "biuf" and bool(np.isin(labels, (0, 1)).all())
    if kind != "multilabel-indicator" and not zeros_and_ones:
        raise DataError(
            f"Unknown label type: {kind}; several labels a text are a matrix of zeros and ones, "
            "or a list of collections of labels"
        )
    classes = np.arange(labels.shape[1]) if names is None else np.array(list(names))
    for n, name in enumerate(classes.tolist()):
        if name in classes[:n].tolist():
            raise DataError(f"there are two columns of labels with the name {str(name)!r}")
    return Targets(classes, labels == 1)


def _from_collections(rows: list[Any]) -> Targets:
    for n, row in enumerate(rows):
        if not _is_collection(row):
            raise DataError(
                f"the labels at place {n} are {row!r}, expected a collection of labels, as others"
            )
        for label in row:
            if not isinstance(label, str | int | np.integer | np.bool_):
                raise DataError(
                    f"a label at place {n} is {label!r}, expected a string, a whole number "
                    "or a bool"
                )
    binarizer = MultiLabelBinarizer()
    try:
        codes = binarizer.fit_transform(rows)
    except TypeError:
        raise DataError("the labels are of several types that have no order") from None
    return Targets(np.array(binarizer.classes_.tolist()), codes == 1)
