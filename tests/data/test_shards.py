"""DATA of many files: what counts as one, and that nothing changes under a run."""

import pytest

from bothways.data import check_unchanged, find_shards, is_shards, read_pieces
from bothways.errors import DataError


@pytest.fixture
def shards(tmp_path):
    for name in ("b", "a"):
        lines = "".join(f'{{"text": "{name}{n}", "label": {n % 2}}}\n' for n in range(5))
        (tmp_path / f"{name}.jsonl").write_text(lines)
    (tmp_path / "_SUCCESS").touch()
    return tmp_path


def test_a_folder_and_a_glob_are_shards_by_name(shards):
    for data in (str(shards), f"{shards}/*.jsonl"):
        assert is_shards(data)
        assert [shard.name for shard in find_shards(data)] == [
            f"{shards}/a.jsonl",
            f"{shards}/b.jsonl",
        ]
    assert not is_shards(f"{shards}/a.jsonl")
    with pytest.raises(DataError, match=r"\*\.csv: no file matches"):
        find_shards(f"{shards}/*.csv")


def test_pieces_are_the_rows_in_order(shards):
    first = find_shards(str(shards))[0]
    pieces = list(read_pieces(first, rows=2))
    assert [piece.texts for piece in pieces] == [["a0", "a1"], ["a2", "a3"], ["a4"]]
    assert pieces[1].place(1) == f"{shards}/a.jsonl, line 4"


def test_a_shard_that_changes_is_noticed(shards):
    first = find_shards(str(shards))[0]
    check_unchanged(first)
    with open(first.url, "a") as file:
        file.write("\n")
    with pytest.raises(DataError, match=r"a\.jsonl: has changed"):
        check_unchanged(first)
