"""Training step of the classic model: Keras 3 on torch, eager."""

import os

os.environ["KERAS_BACKEND"] = "torch"

import torch
from _keras import prepare_keras
from _worker import serve


def prepare(options):
    """Do not compile: torch.compile unrolls the 600 steps and was not done after two minutes."""
    torch.set_num_threads(options["threads"])
    return prepare_keras(options, package="torch", jit_compile=False)


if __name__ == "__main__":
    serve(prepare)
