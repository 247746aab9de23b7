"""Layers of Bothways and of torch on the same numbers, and how near they come to the truth.

Every run gives a dict: what the layer computes (`output (T, D * H)`, `h_n`, `c_n (D, N, H)`)
and the gradient of each input and parameter, by the name of that tensor in `Case`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor, nn

from bothways.nn import Bidirectional, EmbeddingLSTM, RaggedTensor, States
from bothways.nn._ragged import as_ragged
from bothways.nn._recurrence import Recurrence

# On a handful of numbers torch is sometimes exact by luck, and a single gradient may be a sum of
# thousands of products that nearly cancel, over all steps of the batch. There, errors below this
# many units in the last place of float32, at the size of the largest true value but at least of
# 1, are none. The worst seen was 15 at 15 steps and 54 at 63, a sum of 16,632 products.
FLOOR_ULPS = 16
FLOOR_ULPS_PER_STEP = 2
ULP = 2.0**-23
RESULTS = ("output", "h_n", "c_n")
DIFFERENTIABLE = ("x", "kernel", "recurrent_kernel", "bias", "h0", "c0")


@dataclass
class Case:
    """A ragged batch, weights in Bothways' layout, and the gradients that come from above.

    With `ids (T,)`, `x (V, I)` is an embedding table; without, it holds the steps `(T, I)`.
    """

    x: Tensor
    offsets: Tensor
    kernel: Tensor
    recurrent_kernel: Tensor
    bias: Tensor
    h0: Tensor
    c0: Tensor
    d_output: Tensor
    d_h_n: Tensor
    d_c_n: Tensor
    ids: Tensor | None = None

    @property
    def sizes(self) -> tuple[int, int, int]:
        """D, I, H."""
        D, H, _ = self.recurrent_kernel.shape
        return D, self.x.shape[1], H

    def to(self, dtype: torch.dtype) -> Case:
        """Fresh leaves of another type."""
        cast = {
            f.name: value.detach().to(dtype, copy=True)
            for f in fields(self)
            if (value := getattr(self, f.name)) is not None and value.is_floating_point()
        }
        for name in DIFFERENTIABLE:
            cast[name].requires_grad_()
        return replace(self, **cast)


def make_case(lengths, *, I=5, H=6, D=2, V=None, seed=0, scale=0.5) -> Case:  # noqa: E741
    """Draw one; weights are scaled so that gates are neither dead nor saturated."""
    g = torch.Generator().manual_seed(seed)
    N, T = len(lengths), int(sum(lengths))

    def draw(*shape, scale=1.0):
        return torch.randn(*shape, generator=g) * scale

    return Case(
        draw(V or T, I),
        torch.tensor([0, *lengths]).cumsum(0),
        draw(I, D * 4 * H, scale=scale / max(I, 1) ** 0.5),
        draw(D, H, 4 * H, scale=scale * 2 / H**0.5),
        draw(D * 4 * H, scale=scale),
        *(draw(D, N, H) for _ in range(2)),
        draw(T, D * H),
        *(draw(D, N, H) for _ in range(2)),
        None if V is None else torch.randint(V, (T,), generator=g),
    )


class OneDirection(Recurrence):
    """The engine in one direction, with the weights and options of the other layers."""

    def __init__(
        self,
        input_size,
        hidden_size,
        *,
        layers=1,
        input_dropout=0.0,
        layer_dropout=0.0,
        precision="f32",
        checkpoint=None,
    ):
        options = (layers, input_dropout, layer_dropout, precision, checkpoint)
        super().__init__(hidden_size, 1, *options)
        self.input_size = input_size
        self.add_weights(input_size)

    def forward(self, x, mask=None, initial=None):
        ragged, restore = as_ragged(x, mask)
        values = self.input_dropout.drop(*ragged)
        output, states = self.run(values, ragged.offsets, initial)
        return restore(output), states


def take_weights(layer: nn.Module, case: Case) -> nn.Module:
    """Give `layer` the weights of `case`."""
    with torch.no_grad():
        for name in ("kernel", "recurrent_kernel", "bias"):
            getattr(layer, name).copy_(getattr(case, name))
        if case.ids is not None:
            layer.embedding.copy_(case.x)
    return layer


def layer_for(case: Case, **options) -> nn.Module:
    """The layer of Bothways with the weights of `case`."""
    D, I, H = case.sizes  # noqa: E741
    if case.ids is not None:
        layer = EmbeddingLSTM(len(case.x), I, H, bidirectional=D == 2, **options)
    else:
        layer = (Bidirectional if D == 2 else OneDirection)(I, H, **options)
    return take_weights(layer, case)


def run_bothways(case: Case) -> dict[str, Tensor]:
    """Forward and backward through a layer of Bothways."""
    case = case.to(torch.float32)
    layer = layer_for(case)
    values = case.x if case.ids is None else case.ids
    output, (h, c) = layer(RaggedTensor(values, case.offsets), None, States(case.h0, case.c0))
    _descend(case, output.values, h, c)
    found = {"output": output.values, "h_n": h, "c_n": c}
    table = {"x": layer.embedding} if case.ids is not None else {}
    for name in DIFFERENTIABLE:
        tensor = table.get(name, getattr(layer, name, getattr(case, name)))
        found[name] = tensor.grad.to_dense()
    return {k: v.detach() for k, v in found.items()}


def run_torch(case: Case, dtype: torch.dtype) -> dict[str, Tensor]:
    """`nn.Embedding` and `nn.LSTM`: packed in float32, each sequence alone in float64."""
    case = case.to(dtype)
    D, I, H = case.sizes  # noqa: E741
    lstm = nn.LSTM(I, H, batch_first=True, bidirectional=D == 2).to(dtype)
    _fill(lstm, case)
    x = case.x if case.ids is None else nn.functional.embedding(case.ids, case.x)
    sequences = [x[a:b] for a, b in zip(case.offsets[:-1], case.offsets[1:], strict=True)]
    some = [n for n, s in enumerate(sequences) if len(s)]  # torch refuses empty sequences
    groups = [some] if dtype == torch.float32 else [[n] for n in some]
    outputs = {n: s.new_zeros(0, D * H) for n, s in enumerate(sequences)}
    h, c = case.h0, case.c0
    for group in filter(None, groups):
        packed = nn.utils.rnn.pack_sequence([sequences[n] for n in group], enforce_sorted=False)
        out, (h_some, c_some) = lstm(packed, (case.h0[:, group], case.c0[:, group]))
        outputs |= zip(group, nn.utils.rnn.unpack_sequence(out), strict=True)
        at = torch.tensor(group)
        h, c = h.index_copy(1, at, h_some), c.index_copy(1, at, c_some)
    output = torch.cat([x.new_zeros(0, D * H), *(outputs[n] for n in range(len(sequences)))])
    _descend(case, output, h, c)
    found = {"output": output, "h_n": h, "c_n": c, **_weight_gradients(lstm, D)}
    for name in ("x", "h0", "c0"):
        found[name] = getattr(case, name).grad
    return {k: v.detach() for k, v in found.items()}


def _fill(lstm, case):
    G = 4 * case.sizes[2]
    with torch.no_grad():
        for d, end in enumerate(["", "_reverse"][: case.sizes[0]]):
            columns = slice(d * G, (d + 1) * G)
            getattr(lstm, "weight_ih_l0" + end).copy_(case.kernel[:, columns].t())
            getattr(lstm, "weight_hh_l0" + end).copy_(case.recurrent_kernel[d].t())
            getattr(lstm, "bias_ih_l0" + end).copy_(case.bias[columns])
            getattr(lstm, "bias_hh_l0" + end).zero_()


def _weight_gradients(lstm, D):
    def each(name):
        ends = ["", "_reverse"][:D]
        weights = [getattr(lstm, f"{name}_l0{end}") for end in ends]
        return [torch.zeros_like(w) if w.grad is None else w.grad for w in weights]

    return {
        "kernel": torch.cat([w.t() for w in each("weight_ih")], dim=1),
        "recurrent_kernel": torch.stack([w.t() for w in each("weight_hh")]),
        "bias": torch.cat(each("bias_ih")),
    }


def _descend(case, output, h, c):
    """Back from the three results at once; a leaf that nothing reached gets zeros."""
    above = zip((output, h, c), (case.d_output, case.d_h_n, case.d_c_n), strict=True)
    reached = [(result, d) for result, d in above if result.requires_grad]
    torch.autograd.backward(*map(list, zip(*reached, strict=True)))
    for name in DIFFERENTIABLE:
        leaf = getattr(case, name)
        if leaf.grad is None:
            leaf.grad = torch.zeros_like(leaf)


def errors(case: Case) -> dict[str, tuple[Tensor, Tensor, Tensor]]:
    """Of each result and gradient: its error in Bothways, in torch float32, and the truth."""
    truth, theirs = run_torch(case, torch.float64), run_torch(case, torch.float32)
    ours = run_bothways(case)
    assert set(ours) == set(theirs) == set(truth) == {*RESULTS, *DIFFERENTIABLE}
    found = {}
    for name, exact in truth.items():
        assert ours[name].dtype == torch.float32 and ours[name].shape == exact.shape, name
        found[name] = ((ours[name] - exact).abs(), (theirs[name] - exact).abs(), exact)
    return found


def assert_as_good_as_torch(cases: list[Case]) -> None:
    """The error against float64 is at most twice that of torch float32, without any floor.

    For every result and gradient, over all `cases` together; the error is the root mean
    square. The largest single error is one draw from the tail and jumps from batch to batch
    (1 to 3 times torch's), so it is held to four times.
    """
    assert_errors_as_good([errors(case) for case in cases])


def assert_errors_as_good(measured: list[dict[str, tuple[Tensor, Tensor, Tensor]]]) -> None:
    """The same of errors that were measured elsewhere."""
    for name in measured[0]:
        ours, theirs = (torch.cat([m[name][i].flatten() for m in measured]) for i in (0, 1))
        ratio = float(ours.square().mean().sqrt() / theirs.square().mean().sqrt())
        assert ratio <= 2, f"{name}: {ratio:.2f} times torch's error"
        ratio = float(ours.max() / theirs.max())
        assert ratio <= 4, f"{name}: {ratio:.2f} times torch's largest error"


def assert_nearly_as_good_as_torch(case: Case) -> None:
    """For batches of a few numbers: the largest error, at most twice torch's or the floor."""
    for name, (ours, theirs, exact) in errors(case).items():
        if exact.numel():
            ulps = FLOOR_ULPS + FLOOR_ULPS_PER_STEP * int(case.offsets[-1])
            floor = ulps * ULP * max(1.0, float(exact.abs().max()))
            error, allowed = float(ours.max()), max(2 * float(theirs.max()), floor)
            assert error <= allowed, f"{name}: error {error:.3g}, allowed {allowed:.3g}"


def assert_same_bits(a: Tensor, b: Tensor) -> None:
    """Equal in every bit: a NaN equals itself, and minus zero is not zero."""
    assert a.shape == b.shape and a.dtype == b.dtype == torch.float32
    assert torch.equal(a.contiguous().view(torch.int32), b.contiguous().view(torch.int32))
