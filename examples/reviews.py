"""From labelled texts to a saved model and back, in Python.

python examples/reviews.py reviews.csv my-model
"""

import sys

import bothways


def main(data: str, folder: str) -> None:
    """Train on `data`, save to `folder`, and predict with what was saved."""
    rows = bothways.read(data)
    classifier = bothways.TextClassifier(preset="fast", epochs=2)
    classifier.fit(rows.texts, rows.labels)
    for epoch in classifier.history_:
        print(f"epoch {epoch.epoch}: held-out accuracy {epoch.valid_accuracy:.4f}")
    classifier.save(folder, overwrite=True)

    model = bothways.load(folder)
    for text in ("I would see it again.", "I want my two hours back."):
        probabilities = model.predict_proba([text])[0]
        best = probabilities.argmax()
        print(f"{model.labels[best]} {probabilities[best]:.4f}  {text}")


if __name__ == "__main__":
    main(*sys.argv[1:])
