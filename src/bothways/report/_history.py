"""The epochs that a training left in the folder of a model."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from bothways.errors import ArtifactError

_KEYS = ("train_loss", "valid_loss", "valid_accuracy")


def read_history(folder: str | Path) -> list[dict[str, Any]]:
    """A dict for each epoch: `epoch`, `train_loss`, `valid_loss`, `valid_accuracy`, and
    `valid_f1` where a text may have several labels; what is not known or not
    finite is None. Empty where the folder keeps no history.

    Raises `ArtifactError` for a file that is none.
    """
    path = Path(folder) / "history.jsonl"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise ArtifactError(f"{path}: cannot be read ({error})") from None
    epochs = []
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
            known = {key: _finite(row[key]) for key in _KEYS}
            if "valid_f1" in row:
                known["valid_f1"] = _finite(row["valid_f1"])
            epochs.append({"epoch": int(row["epoch"])} | known)
        except (ValueError, TypeError, KeyError):
            raise ArtifactError(f"{path}, line {number}: is not an epoch of a training") from None
    return epochs


def _finite(value: Any) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)
