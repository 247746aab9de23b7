"""Sizes as people write them."""

import pytest

from bothways.compression import parse_size
from bothways.errors import ArgumentError


@pytest.mark.parametrize(
    "size, expected",
    [
        (1, 1),
        ("1", 1),
        ("5MB", 5_000_000),
        ("5mb", 5_000_000),
        (" 500 kB ", 500_000),
        ("0.25MB", 250_000),
        ("5MiB", 5 * 2**20),
        ("1.5KiB", 1536),
        ("2GB", 2_000_000_000),
        ("12B", 12),
    ],
)
def test_sizes(size, expected):
    assert parse_size(size) == expected


@pytest.mark.parametrize(
    "size", ["", "MB", "5TB", "5 M", "-5MB", "5MB5", "1e6", "٣MB", "9" * 13, True, None, 1.5e300]
)
def test_other_things_are_refused(size):
    with pytest.raises(ArgumentError, match="expected one such as 5MB, 500kB or 5MiB"):
        parse_size(size)


@pytest.mark.parametrize("size", [0, "0MB", "0.1B"])
def test_nothing_is_refused(size):
    with pytest.raises(ArgumentError, match="expected one byte or more"):
        parse_size(size)
