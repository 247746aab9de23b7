"""bothways info: what is installed and active, or what a model is."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from bothways.artifact import LayerSpec

_PACKAGES = ("numpy", "safetensors", "torch", "scikit-learn", "pyarrow")


def info(
    model: Annotated[str | None, typer.Argument(help="A model folder.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Versions, instruction tiers, threads; with a model, what it is."""
    from bothways.cli._output import print_json, results

    document = _machine() if model is None else _model(model)
    if json:
        print_json(document)
        return
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold")
    for key, value in document.items():
        table.add_row(key, _shown(value, ", "))
    results().print(table)


def _shown(value: Any, between: str = " / ") -> str:
    """For people: digits that tell something, and the first of many."""
    if isinstance(value, dict):
        known = ((k.replace("_", " "), v) for k, v in value.items() if v is not None)
        return ", ".join(f"{name} {_shown(v)}" for name, v in known)
    if isinstance(value, list):
        return between.join(map(_shown, value[:20])) + (f"{between}..." if len(value) > 20 else "")
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if type(value) is int else str(value)


def _machine() -> dict[str, Any]:
    from bothways import __version__, kernels

    return {
        "bothways": __version__,
        "python": platform.python_version(),
        "packages": {
            name: _version(name) for name in ("numpy", "torch", "scikit-learn", "pyarrow")
        },
        "instruction tier": kernels.isa(),
        "tiers available": kernels.available_isas(),
        "threads": kernels.default_threads(),
        "path on the CPU": f"Bothways' kernels, {kernels.isa()}, f32",
        "precision bf16": _bf16(),
    }


def _bf16() -> str:
    from bothways import kernels

    refused = "; this CPU has AMX, but the system refused its tiles"
    refused = refused if kernels.amx_refused() else ""
    if kernels.precision_used("bf16") == "f32":
        return f"computed in f32: the tier {kernels.isa()} has no instructions for it{refused}"
    unit = "AMX tiles" if kernels.isa() == "amx" else "AVX-512 BF16"
    return f"{unit}, sums and states in f32{refused}"


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _model(folder: str) -> dict[str, Any]:
    from bothways import artifact

    spec, tensors, fingerprint = artifact.load_with_fingerprint(folder)
    network, vectorizer, training = spec.network, spec.vectorizer, spec.training
    return {
        "model": folder,
        "fingerprint": fingerprint,
        "task": spec.task,
        "labels": list(spec.labels),
        "vocabulary": len(vectorizer.vocabulary),
        "standardize": vectorizer.standardize or "nothing",
        "longest text": vectorizer.output_sequence_length or "any",
        "network": {
            "embedding": network.embedding_dim,
            "hidden": network.hidden_size,
            "layers": network.layers,
            "directions": network.directions,
            "merge": network.merge,
            "pooling": network.pooling,
            **({} if network.mask else {"mask": False}),
            **({} if network.lookahead is None else {"lookahead": network.lookahead}),
            **_lower(network.lower_layers),
        },
        "stored as": "float32" if spec.storage == "f32" else "8-bit integers with scales",
        "weights": sum(t.size for t in tensors.values()),
        "bytes in memory": sum(t.nbytes for t in tensors.values()),
        **_origin(training),
        **({"word vectors": training["vectors"]} if "vectors" in training else {}),
        **({"thresholds": spec.thresholds} if spec.thresholds else {}),
        "quality": {k: v for k, v in spec.quality.items() if k != "calibration"} or "not measured",
        **_calibrated(spec.quality.get("calibration")),
        **_compressed(training.get("compressed")),
        "written by": f"Bothways {spec.bothways_version}, format {spec.format_version}",
    }


def _origin(training: dict[str, Any]) -> dict[str, Any]:
    """How the model was trained, or where it came from."""
    if "imported" in training:
        return {"imported": training["imported"]}
    names = ("texts", "seconds", "seed")
    preset = {"preset": training.get("recipe", {}).get("name")}
    return {"trained": preset | {name: training.get(name) for name in names}}


def _lower(layers: Sequence[LayerSpec]) -> dict[str, Any]:
    """The layers below the last, where they differ."""
    return {"layers below": [asdict(layer) for layer in layers]} if layers else {}


def _calibrated(facts: dict[str, Any] | None) -> dict[str, Any]:
    return {} if facts is None else {"calibration": facts}


def _compressed(facts: dict[str, Any] | None) -> dict[str, Any]:
    """What a compressed model was made from, and what it was measured to cost."""
    if facts is None:
        return {}
    before = {"tokens before": facts["tokens_before"], "bytes before": facts["bytes_before"]}
    return {"compressed": {**before, **facts.get("measured", {"cost": "not measured"})}}
