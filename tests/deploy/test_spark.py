"""The programs of docs/spark.md, in a Spark of this machine."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from lint import DEPLOY

import bothways
from bothways.scoring import score_table
from conftest import tiny_corpus

ROOT = DEPLOY.parent
PAGE = (ROOT / "docs" / "spark.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(r"^```python\n(.*?)^```", PAGE, re.S | re.M)
# How often each process that Spark keeps has loaded the model, asked in more tasks than those.
LOADS = """
import os
import pandas

def loads(frames):
    for _ in frames:
        load_model()
        found = {"process": [os.getpid()], "loads": [load_model.cache_info().misses]}
        yield pandas.DataFrame(found)

framed.write.parquet("framed.parquet")
asked = rows.repartition(6).mapInPandas(loads, "process long, loads long").collect()
print(len(asked), len({row.process for row in asked}), {row.loads for row in asked})
spark.stop()
"""


@pytest.fixture
def workplace(tiny_model, tmp_path):
    """A folder with what the page speaks of; skipped where there is no Spark."""
    if importlib.util.find_spec("pyspark") is None or shutil.which("java") is None:
        pytest.skip("pyspark and java are not here")
    texts = [None, "", *tiny_corpus(300, seed=3)[0]]
    table = pa.table({"id": range(len(texts)), "text": texts})
    pq.write_table(table, tmp_path / "reviews.parquet", row_group_size=100)
    (tmp_path / "my-model").symlink_to(tiny_model)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    return tmp_path


def run(folder, *arguments):
    """What a program prints in a Spark with two cores, each with a Python process."""
    settings = "--master local[2] --conf spark.ui.enabled=false pyspark-shell"
    environment = os.environ | {
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_SUBMIT_ARGS": settings,
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    command = [sys.executable, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def rows(path):
    """A table that Spark wrote, in the order of its ids, without the notes of Spark."""
    return pq.read_table(path).sort_by("id").replace_schema_metadata(None)


def test_the_programs_of_the_page(workplace):
    (workplace / "guide.py").write_text("\n".join([*PROGRAMS, LOADS]))
    said = run(workplace, "guide.py")
    table = pq.read_table(workplace / "reviews.parquet")
    expected = score_table(
        bothways.load(workplace / "my-model"), table, text="text", prefix="predicted_"
    )
    assert rows(workplace / "scored.parquet") == expected
    assert rows(workplace / "framed.parquet") == expected
    assert expected["predicted_error"].null_count == len(table) - 1
    assert re.search(r"the text is missing.*\|1 ", said)
    tasks, processes, loads = said.splitlines()[-1].split()
    assert int(tasks) >= 6 > int(processes) and loads == "{1}"


def test_the_program_for_spark_submit(workplace):
    run(workplace, "examples/spark_score.py", "my-model", "reviews.parquet", "scored.parquet")
    scored = rows(workplace / "scored.parquet")
    assert len(scored) == 302 and scored["predicted_label"].null_count == 1
    schema = {line.split("`")[1] for line in PAGE.splitlines() if line.startswith("| `pred")}
    assert set(scored.column_names) == {"id", "text"} | schema
