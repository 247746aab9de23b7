"""The kernels as XLA calls them."""

from __future__ import annotations

from typing import Any

from bothways.kernels import _kernels


def jax_handlers() -> tuple[Any, Any] | None:
    """Capsules for `jax.ffi.register_ffi_target`: the padded LSTM forward, and backward.

    None where the extension was compiled without jaxlib's headers. What the handlers take is
    written in csrc/module_jax.cc.
    """
    return _kernels.jax_handlers() if hasattr(_kernels, "jax_handlers") else None
