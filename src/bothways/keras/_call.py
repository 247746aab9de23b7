"""One call of the kernels for a layer, or for the two layers of both directions."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from keras import ops

from bothways.errors import ArgumentError


def run(
    engine: ModuleType, layers: list[Any], sequences: Any, mask: Any, states: list[Any]
) -> tuple[Any, Any, Any]:
    """Output `(N, L, D * H)` or None, `h_n` and `c_n (D, N, H)`, of `D` layers.

    `states` are `h` and `c` of the first layer, then those of the next, `(N, H)` each. One
    layer reads in its own direction, of two the second one from the end.
    """
    cells = [layer.cell for layer in layers]
    (N, _, I), H = sequences.shape, cells[0].units  # noqa: E741
    if cells[0].kernel.shape[0] != I:
        raise ArgumentError(
            f"{layers[0].name} was built for {cells[0].kernel.shape[0]} features, got {I}"
        )
    if len(states) != 2 * len(layers):
        raise ArgumentError(
            f"{layers[0].name} needs {2 * len(layers)} initial states, got {len(states)}"
        )
    for state in states:
        if tuple(state.shape) != (N, H):
            raise ArgumentError(
                f"{layers[0].name} needs initial states of the shape {(N, H)}, "
                f"got {tuple(state.shape)}"
            )
    weights = (
        ops.concatenate([cell.kernel for cell in cells], axis=1),
        ops.concatenate([cell.bias if cell.use_bias else ops.zeros(4 * H) for cell in cells]),
        ops.stack([cell.recurrent_kernel for cell in cells]),
    )
    h0, c0 = (ops.cast(ops.stack(states[k::2]), "float32") for k in (0, 1))
    return engine.run(
        *(ops.cast(sequences, "float32"), mask, *weights, h0, c0),
        reverse=len(layers) == 1 and layers[0].go_backwards,
        sequences=layers[0].return_sequences,
    )


def mask_of_steps(mask: Any, sequences: Any) -> Any:
    """`mask`, of a form that Keras takes, as bool `(N, L)`; None stays None.

    Raises `ArgumentError` if it belongs to other sequences.
    """
    mask = mask[0] if isinstance(mask, (list, tuple)) else mask
    if mask is None:
        return None
    mask = ops.cast(mask, "bool")
    if len(mask.shape) == 3:
        mask = ops.any(mask, axis=-1)
    found, needed = tuple(mask.shape), tuple(sequences.shape[:2])
    if len(found) != 2 or any(a not in (1, b) for a, b in zip(found, needed, strict=True)):
        raise ArgumentError(f"the mask has the shape {found} and needs {needed}")
    return ops.broadcast_to(mask, needed)


def outputs(engine: ModuleType, layer: Any, output: Any, h: Any, mask: Any, h0: Any) -> Any:
    """The last output and all outputs of `layer`, in the order in which it read the steps.

    What stands at masked steps is Keras's: the last output that counted, or zeros. `output
    (N, L, H)` or None comes in the order of time, `h (N, H)` is the last state.
    """
    if mask is not None and layer.go_backwards:
        mask = ops.flip(mask, axis=1)
    if layer.return_sequences:
        output = ops.flip(output, axis=1) if layer.go_backwards else output
        if mask is not None and not layer.zero_output_for_mask:
            output = engine.hold(output, mask, engine.before_first(h0))
        return output[:, -1], output
    if mask is not None and layer.zero_output_for_mask:
        h = ops.where(mask[:, -1:], h, ops.zeros_like(h))
    elif mask is not None:
        h = ops.where(ops.any(mask, axis=1, keepdims=True), h, engine.before_first(h0))
    return h, ops.expand_dims(h, axis=1)
