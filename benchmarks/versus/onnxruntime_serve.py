"""A service as people write one: FastAPI, a dict of words, ONNX Runtime.

    uvicorn --app-dir benchmarks/versus onnxruntime_serve:app    MODEL=model.onnx in the environment

`bothways export MODEL --to onnx` writes the graph and, beside it, the vocabulary and the rules.
"""

import json
import os
import string

import numpy as np
import onnxruntime
from fastapi import FastAPI
from pydantic import BaseModel

GRAPH = os.environ["MODEL"]
with open(GRAPH + ".json", encoding="utf-8") as file:
    FACTS = json.load(file)
LABELS, LONGEST = FACTS["labels"], FACTS["vectorizer"]["longest"]
# As bytes the rules of the model are three methods, exact and the fastest in Python.
PLACES = {token.encode(): place for place, token in enumerate(FACTS["vocabulary"])}
PUNCTUATION = string.punctuation.encode()

# One thread an operator: requests run side by side, in the threads that FastAPI calls them on.
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(GRAPH, options, providers=["CPUExecutionProvider"])
app = FastAPI()


class Question(BaseModel):
    text: str


class Answer(BaseModel):
    label: str
    probability: float
    probabilities: dict[str, float]


@app.post("/predict")
def predict(asked: Question) -> Answer:
    words = asked.text.encode().lower().translate(None, PUNCTUATION).split()[:LONGEST]
    ids = np.array([[PLACES.get(word, 1) for word in words]], np.int32)
    lengths = np.array([len(words)], np.int32)
    (row,) = session.run(None, {"ids": ids, "lengths": lengths})[0].tolist()
    best = max(range(len(row)), key=row.__getitem__)
    return Answer(
        label=LABELS[best], probability=row[best], probabilities=dict(zip(LABELS, row, strict=True))
    )
