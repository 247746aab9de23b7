"""What the Hugging Face Hub reads of a card: a block of YAML before the text.

https://huggingface.co/docs/hub/model-cards#model-card-metadata
"""

from __future__ import annotations

from typing import Any

from bothways.artifact._spec import Spec


def front_matter(spec: Spec) -> list[str]:
    """Its lines. They hold fixed words and numbers alone, so that nothing needs quoting."""
    q = spec.quality
    lines = [
        "---",
        "library_name: bothways",
        "pipeline_tag: text-classification",
        "tags:",
        "- bothways",
        "- lstm",
    ]
    if q:
        name, value = score(q)
        kind = "f1" if name == "micro F1" else name
        weighted = ", weighted as in training" if "weighted" in q else ""
        lines += [
            "model-index:",
            "- name: text-classifier",
            "  results:",
            "  - task:",
            "      type: text-classification",
            "    dataset:",
            "      name: held-out texts",
            "      type: held-out",
            "    metrics:",
            f"    - type: {kind}",
            f"      name: held-out {name}{weighted}",
            f"      value: {value:.4f}",
        ]
    return [*lines, "---", ""]


def score(q: dict[str, Any]) -> tuple[str, float]:
    """What the best epoch was chosen by, from the `quality` of a spec: its name and value."""
    return ("micro F1", q["micro_f1"]) if "micro_f1" in q else ("accuracy", q["accuracy"])
