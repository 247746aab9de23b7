"""One of several processes that train together over gloo; what it finds is printed as JSON.

python rank_processes.py kernels|torch
"""

from __future__ import annotations

import json
import sys
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[1]))
from bothways.training import join_ranks
from training.test_distributed import trained


def main() -> None:
    with join_ranks() as ranks:
        rank, size = ranks.rank, ranks.size
        x = np.arange(5, dtype=np.float32) + rank
        y = torch.from_numpy(x.copy())
        rows = ranks.gather(x)
        ranks.add(x)
        ranks.add(y)
        learned = {}
        for kind in ("kernels", "torch"):
            losses, tensors = trained(kind, ranks)
            bits = sha256(b"".join(t.tobytes() for t in tensors.values())).hexdigest()
            learned[kind] = (losses, bits)
        found = {
            "gathered": rows.tolist(),
            "added": [x.tolist(), y.tolist()],
            "told": [data.decode() for data in ranks.tell(b"x" * rank)],
            "followed": ranks.follow(b"from the first" if rank == 0 else None).decode(),
            "empty": ranks.follow(b"" if rank == 0 else None).decode(),
            "size": size,
            "learned": learned,
        }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
