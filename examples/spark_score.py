"""Score the texts of a table in Spark: every row comes out, with the model's answer or an error.

    spark-submit examples/spark_score.py my-model reviews.parquet scored.parquet

The model and this file travel to the executors; they need `bothways` and pyarrow.
"""

import shutil
import sys
from collections.abc import Iterator
from functools import cache

import pyarrow
from pyspark import SparkFiles
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

import bothways
from bothways.scoring import score_table


@cache  # Spark uses a Python process for many tasks: each loads the model once
def load_model():
    return bothways.load(SparkFiles.get("model"))


def score_batches(batches: Iterator[pyarrow.RecordBatch]) -> Iterator[pyarrow.RecordBatch]:
    for batch in batches:
        table = pyarrow.Table.from_batches([batch])
        # A task has one core, as long as spark.task.cpus is not set.
        scored = score_table(load_model(), table, text="text", prefix="predicted_", threads=1)
        yield from scored.to_batches()


def score(rows: DataFrame, model: str) -> DataFrame:
    """`rows` with four more columns: what the model in the folder `model` says of their text."""
    context = rows.sparkSession.sparkContext
    context.addPyFile(__file__)
    # Executors fetch it when they begin; Spark removes this folder at the end.
    archive = shutil.make_archive(f"{SparkFiles.getRootDirectory()}/sent", "zip", model)
    context.addArchive(f"{archive}#model")
    schema = StructType(list(rows.schema))
    schema.add("predicted_label", "string").add("predicted_probability", "float")
    schema.add("predicted_model", "string").add("predicted_error", "string")
    return rows.mapInArrow(score_batches, schema)


def main(model: str, source: str, target: str) -> None:
    spark = SparkSession.builder.appName("bothways").getOrCreate()
    score(spark.read.parquet(source), model).write.parquet(target)
    spark.stop()


if __name__ == "__main__":
    import spark_score  # by its name, as executors import it: what they cache is kept

    spark_score.main(*sys.argv[1:])
