"""Writes keras_vectorized.keras and keras_vectorized_scores.keras, and keras_vectorized.json: two
models with a TextVectorization inside, and what Keras answers to texts. Run with Keras 3.15.1 on
TensorFlow 2.21, which Keras needs for that layer alone.

    KERAS_BACKEND=tensorflow python make_keras_vectorized.py
"""

import json
from pathlib import Path

import keras
import tensorflow as tf

HERE = Path(__file__).parent
TEXTS = ["good book!", "", "BAD film", "a a a a a a a a", "Été, very unheard of"]
L = keras.layers


def main():
    keras.utils.set_random_seed(0)
    vectorizer = L.TextVectorization(max_tokens=12, output_sequence_length=6)
    vectorizer.adapt(["good film bad film", "été a very good book"])
    masked = keras.Sequential(
        [
            keras.Input((), dtype="string"),
            vectorizer,
            L.Embedding(12, 4, mask_zero=True, embeddings_initializer="orthogonal"),
            L.Bidirectional(L.LSTM(3)),
            L.Dense(1, activation="sigmoid"),
        ]
    )
    masked.save(HERE / "keras_vectorized.keras")
    text = keras.Input((1,), dtype="string", name="text")
    own = L.TextVectorization(vocabulary=["good", "film", "bad"], output_sequence_length=5)
    x = L.Embedding(5, 4, embeddings_initializer="orthogonal")(own(text))
    x = L.Bidirectional(L.LSTM(3, return_sequences=True), merge_mode="sum")(x)
    x = L.SpatialDropout1D(0.1)(x)
    x = L.LSTM(2, return_sequences=True)(x)
    scores = keras.Model(text, L.Dense(3)(L.GlobalMaxPooling1D()(x)))
    scores.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    scores.save(HERE / "keras_vectorized_scores.keras")
    answers = {
        "texts": TEXTS,
        "keras_vectorized": masked.predict(tf.constant(TEXTS), verbose=0).tolist(),
        "keras_vectorized_scores": scores.predict(
            tf.constant([[t] for t in TEXTS]), verbose=0
        ).tolist(),
    }
    (HERE / "keras_vectorized.json").write_text(json.dumps(answers, indent=1) + "\n")


if __name__ == "__main__":
    main()
