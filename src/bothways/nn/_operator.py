"""How a function over the kernels becomes a torch operator with a gradient.

The kernels run on the CPU in float32, on as many threads as `use_threads` or torch says.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from bothways.errors import ArgumentError

Gradient = Callable[..., Any]


def on_kernels(x: Tensor) -> bool:
    """Whether the kernels compute with `x`; on other devices torch's own operations do."""
    return x.device.type == "cpu"


def as_array(tensor: Tensor | None) -> Any:
    """The memory of `tensor`, for a kernel; `ArgumentError` if its type is not theirs."""
    if tensor is None:
        return None
    if tensor.dtype not in (torch.float32, torch.int32, torch.int64):
        raise ArgumentError(f"the CPU kernels compute in float32, got {tensor.dtype}")
    return (tensor.detach() if tensor.requires_grad else tensor).numpy()


def refuse_second_derivative(ctx, *_):
    """What stands where the gradient of a gradient would."""
    raise NotImplementedError("Bothways' kernels have first derivatives only, no second ones")


class Operator:
    """A function of CPU tensors, also known to torch as `torch.ops.bothways.<its name>`.

    Compilers, exporters and transforms see the operator. Where none of them looks on, a call
    goes to the function itself: the operators' own way there and back is a third of what a
    training step costs around the kernels.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        name = f"bothways::{function.__name__}"
        self._definition = torch.library.custom_op(
            name, function, mutates_args=(), device_types="cpu"
        )
        self._operator = getattr(torch.ops.bothways, function.__name__).default
        self._differentiable: Any = None
        self._transformable: Any = None

    def register_fake(self, fake: Callable[..., Any]) -> None:
        """What stands in for the function where there are only shapes."""
        self._definition.register_fake(fake)

    def register_autograd(
        self, gradient: Gradient, *, setup_context: Callable[..., None] | None = None
    ) -> None:
        """As `torch.library.register_autograd`."""
        self._definition.register_autograd(gradient, setup_context=setup_context)
        name = f"bothways_{self.function.__name__}"
        self._differentiable = _differentiable(name, self.function, gradient, setup_context)
        self._transformable = _transformable(name, self.function, gradient, setup_context)

    def __call__(self, *arguments: Any) -> Any:
        if self._transformable and torch._C._are_functorch_transforms_active():
            return self._transformable.apply(*arguments)
        if looked_on():
            return self._operator(*arguments)
        if self._differentiable is None or not torch.is_grad_enabled():
            return self.function(*arguments)
        return self._differentiable.apply(*arguments)


def looked_on() -> bool:
    """Whether a compiler, an exporter or a transform watches what is computed."""
    return bool(
        torch.compiler.is_compiling()
        or torch.jit.is_tracing()
        or torch._C._len_torch_dispatch_stack()  # fake tensors, make_fx
        or torch._C._are_functorch_transforms_active()
    )


def _differentiable(name, function, gradient, setup_context):
    """The same as a `torch.autograd.Function`."""

    def forward(ctx, *inputs):
        output = function(*inputs)
        if setup_context is not None:
            setup_context(ctx, inputs, output)
        return output

    methods = {"forward": staticmethod(forward), "backward": staticmethod(gradient)}
    return type(name, (torch.autograd.Function,), methods)


def _transformable(name, function, gradient, setup_context):
    """The same for `torch.func`, which the operators' own gradients do not know.

    `vmap` goes through the batch one by one. Forward-mode derivatives are refused by torch.
    """

    def vmap(info, in_dims, *arguments):
        def of(argument, dim, i):
            if isinstance(argument, (list, tuple)):
                dims = dim if isinstance(dim, (list, tuple)) else [dim] * len(argument)
                return [of(a, d, i) for a, d in zip(argument, dims, strict=True)]
            return argument if dim is None else argument.select(dim, i)

        found = []
        for i in range(info.batch_size):
            each = (of(a, d, i) for a, d in zip(arguments, in_dims, strict=True))
            found.append(kind.apply(*each))
        if isinstance(found[0], Tensor):
            return torch.stack(found), 0
        return tuple(map(torch.stack, zip(*found, strict=True))), (0,) * len(found[0])

    methods = {
        "forward": staticmethod(function),
        "setup_context": staticmethod(setup_context or (lambda ctx, inputs, output: None)),
        "backward": staticmethod(gradient),
        "vmap": staticmethod(vmap),
    }
    kind: Any = type(f"{name}_transformable", (torch.autograd.Function,), methods)
    return kind
