"""The program that opens an exported state dict: PyTorch's own modules, nothing of ours."""

from __future__ import annotations

from bothways.artifact import LayerSpec, NetworkSpec, Spec

_PROGRAM = '''\
"""A text classifier in PyTorch. How a text becomes ids is told in the .json file beside it."""

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn
{imports}
model = nn.ModuleDict({{
    "embedding": nn.Embedding({vocabulary}, {embedding}),
    "lstm": {lstm},
    "dense": nn.Linear({width}, {outputs}),
}}).eval()
model.load_state_dict(load_file(Path(__file__).with_name({weights!r})))


@torch.no_grad()
{function}
    scores = model["dense"](features){divided}
    {answer}
'''

_MASKED = '''\
def probabilities(ids, lengths):
    """(N, {labels}) from ids (N, L) int64, with zeros after each text, and lengths (N,)."""
    ids = nn.functional.pad(ids, (0, 1))  # PyTorch packs no text of length 0: such read one step
    read = lengths.clamp(min=1)
    x = pack_padded_sequence(model["embedding"](ids), read, batch_first=True, enforce_sorted=False)
{reading}
    features = features * (lengths > 0)[:, None]  # which is not kept'''

_UNMASKED = '''\
def probabilities(ids):
    """(N, {labels}) from ids (N, L) int64; zeros after a text, up to {length} ids, are read."""
    ids = nn.functional.pad(ids, (0, {length} - ids.shape[1]))
    x = model["embedding"](ids)
{reading}'''

_MERGES = {
    "concat": "torch.cat([forward, backward], -1)",
    "sum": "forward + backward",
    "mul": "forward * backward",
    "ave": "(forward + backward) / 2",
}


def program(spec: Spec, weights: str) -> str:
    """The source of a program that loads the file `weights`, which lies beside it."""
    n = spec.network
    function = (_MASKED if n.mask else _UNMASKED).format(
        labels=len(spec.labels),
        length=spec.vectorizer.output_sequence_length,
        reading="\n".join(f"    {line}" for line in [*_layers(n), *_pooling(n)]),
    )
    packing = ["pack_padded_sequence", *(["pad_packed_sequence"] if n.pooling != "last" else [])]
    imports = f"from torch.nn.utils.rnn import {', '.join(packing)}\n" if n.mask else ""
    return _PROGRAM.format(
        weights=weights,
        imports=imports,
        vocabulary=len(spec.vectorizer.vocabulary),
        embedding=n.embedding_dim,
        lstm=_modules(n),
        width=n.width,
        outputs=n.outputs,
        function=function,
        divided=f" / {spec.temperature!r}" if spec.temperature != 1 else "",
        answer=_answer(n),
    )


def _modules(n: NetworkSpec) -> str:
    """One `nn.LSTM` of all layers, or a list where these differ."""
    if not n.lower_layers:
        return _module(n.embedding_dim, n.stack[-1], f"num_layers={n.layers}, ")
    widths = [n.embedding_dim, *(layer.width for layer in n.stack)]
    modules = [_module(width, layer) for width, layer in zip(widths, n.stack, strict=False)]
    lines = "".join(f"        {module},\n" for module in modules)
    return f"nn.ModuleList([\n{lines}    ])"


def _module(width: int, layer: LayerSpec, layers: str = "") -> str:
    both = ", bidirectional=True" if layer.bidirectional else ""
    return f"nn.LSTM({width}, {layer.hidden_size}, {layers}batch_first=True{both})"


def _layers(n: NetworkSpec) -> list[str]:
    if not n.lower_layers:
        return ['output, (h, _) = model["lstm"](x)']
    lines = []
    for k, layer in enumerate(n.lower_layers):
        lines.append(f'x, _ = model["lstm"][{k}](x)')
        if layer.bidirectional and layer.merge != "concat":
            merged = _MERGES[layer.merge]
            lines.append(f"forward, backward = x{'.data' if n.mask else ''}.chunk(2, -1)")
            lines.append(f"x = x._replace(data={merged})" if n.mask else f"x = {merged}")
    return [*lines, f'output, (h, _) = model["lstm"][{len(n.lower_layers)}](x)']


def _pooling(n: NetworkSpec) -> list[str]:
    if n.pooling == "last":
        if not n.bidirectional:
            return ["features = h[-1]"]
        return ["forward, backward = h[-2], h[-1]", f"features = {_MERGES[n.merge]}"]
    lines = ["output, _ = pad_packed_sequence(output, batch_first=True)"] if n.mask else []
    if n.bidirectional and n.merge != "concat":
        lines.append("forward, backward = output.chunk(2, -1)")
        lines.append(f"output = {_MERGES[n.merge]}")
    if not n.mask:
        return [*lines, f"features = output.{'mean' if n.pooling == 'mean' else 'amax'}(1)"]
    if n.pooling == "mean":  # what is padded is zero
        return [*lines, "features = output.sum(1) / read[:, None]"]
    lines += [
        "padding = torch.arange(output.shape[1]) >= read[:, None]",
        'features = output.masked_fill(padding[:, :, None], -float("inf")).amax(1)',
    ]
    if n.zero_under:
        lines.append(f"short = (lengths < {n.zero_under})[:, None]")
        lines.append("features = torch.where(short, features.clamp(min=0), features)")
    return lines


def _answer(n: NetworkSpec) -> str:
    if n.multilabel:
        return "return scores.sigmoid()"
    if n.outputs > 1:
        return "return scores.softmax(1)"
    return "return torch.cat([1 - scores.sigmoid(), scores.sigmoid()], 1)"
