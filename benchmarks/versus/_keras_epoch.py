"""The classic model in Keras on JAX from a Parquet file to a saved model: FILE MODEL."""

import json
import os
import sys

os.environ["KERAS_BACKEND"] = "jax"

import keras
import numpy as np
import pyarrow.parquet as pq
from _classic import BATCH, LONGEST, VOCABULARY
from _keras import classic
from sklearn.model_selection import train_test_split


def main(data, saved):
    """Read, hold out a fifth, learn the words, train one epoch, validate, save."""
    table = pq.read_table(data, columns=["text", "label"])
    labels = table["label"].to_numpy(zero_copy_only=False)
    positive = (labels == max(set(labels))).astype("float32")
    texts, held_out, y, held_out_y = train_test_split(
        table["text"].to_numpy(zero_copy_only=False),
        positive,
        test_size=0.2,
        random_state=0,
        stratify=positive,
    )
    vectorizer = keras.layers.TextVectorization(VOCABULARY, output_sequence_length=LONGEST)
    vectorizer.adapt(texts)
    x, held_out_x = (np.asarray(vectorizer(part), np.int32) for part in (texts, held_out))
    model = classic("RMSprop", jit_compile=True, metrics=["accuracy"])
    story = model.fit(
        x, y, batch_size=BATCH, epochs=1, validation_data=(held_out_x, held_out_y), verbose=0
    )
    model.save(saved)
    print(json.dumps({"accuracy": story.history["val_accuracy"][-1]}))


if __name__ == "__main__":
    main(*sys.argv[1:])
