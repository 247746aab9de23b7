"""How the ranks of one start find each other in a store that outlives them.

The store that torchrun keeps is the same after a restart. What the ended processes wrote there is
still in it, addresses that nobody answers any more, and the number of restarts differs between
hosts. So every rank comes with a name that it drew, rank 0 says which names it has seen, and a
rank goes on once its own is among them; rank 0 does when it has heard so from all.
"""

from __future__ import annotations

import json
import secrets
import time
from typing import Any

from bothways.errors import RanksError

_PAUSE = 0.02


def agree_on_start(store: Any, rank: int, size: int, patience: float) -> str:
    """The name that rank 0 drew, which all ranks of this start alone return.

    `store` has `check`, `get` and `set`, as `torch.distributed.Store`. Raises `RanksError` after
    `patience` seconds.
    """
    own, until = secrets.token_hex(8), time.monotonic() + patience
    store.set(f"here/{rank}", own)
    while time.monotonic() < until:
        if rank == 0:
            here = [_read(store, f"here/{r}") for r in range(size)]
            store.set("seen", json.dumps(here))
            heard = [_read(store, f"heard/{r}") for r in range(1, size)]
            if heard == [own + name for name in here[1:]]:
                return own
        else:
            seen = json.loads(_read(store, "seen") or "[]")
            if len(seen) == size and seen[rank] == own:
                store.set(f"heard/{rank}", seen[0] + own)
                return seen[0]
        time.sleep(_PAUSE)
    missing = [str(r) for r in range(size) if not _read(store, f"here/{r}")]
    raise RanksError(f"not there: {', '.join(missing) or 'an answer from all'}")


def _read(store: Any, key: str) -> str:
    return store.get(key).decode() if store.check([key]) else ""
