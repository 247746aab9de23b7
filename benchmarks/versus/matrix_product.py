"""The machine's peak: the product of two square matrices of 2,048, by torch and by NumPy.

torch multiplies float32 through MKL, which holds back on processors that are not Intel's; NumPy's
OpenBLAS does not. The best is the peak.
"""

import numpy as np
import torch
from _worker import Peer, serve

SIZE = 2048


def prepare(options):
    """An item is a product, a unit a floating point operation."""
    torch.set_num_threads(options["threads"])
    numbers = np.random.default_rng(0).normal(size=(2, SIZE, SIZE)).astype(np.float32)
    wide, narrow = torch.from_numpy(numbers), torch.from_numpy(numbers).to(torch.bfloat16)
    products = {
        "f32, torch": (torch.mm, wide, torch.empty(SIZE, SIZE)),
        "f32, NumPy": (np.matmul, numbers, np.empty((SIZE, SIZE), np.float32)),
        "bf16, torch": (torch.mm, narrow, torch.empty(SIZE, SIZE, dtype=torch.bfloat16)),
    }

    def task(multiply, pair, out):
        def run(first, count):
            for _ in range(count):
                multiply(*pair, out=out)
            return {"units": count * 2 * SIZE**3}

        run(0, 1)
        return run

    return Peer(
        tasks={name: task(*product) for name, product in products.items()},
        settings=f"{SIZE} x {SIZE}, the best turn of torch.mm and NumPy's matmul.",
        packages=["torch", "numpy"],
    )


if __name__ == "__main__":
    serve(prepare)
