"""One bidirectional layer: Bothways' torch layer over a ragged batch."""

import torch
from _layer import INPUT, layer_peer
from _lstm import joined
from _worker import serve

from bothways.nn import Bidirectional, RaggedTensor


def prepare(options):
    """Keep the layer's own gradients and the input's, as within a larger network."""
    torch.set_num_threads(options["threads"])

    def new_layer(hidden, weights):
        layer = Bidirectional(INPUT, hidden, precision=options["precision"])
        with torch.no_grad():
            for name, array in joined(weights).items():
                getattr(layer, name).copy_(torch.from_numpy(array))
        gradient = torch.randn(600 * 32, 2 * hidden)

        def form(offsets, x):
            return RaggedTensor(torch.from_numpy(x).requires_grad_(), torch.from_numpy(offsets))

        def both(batch):
            layer.zero_grad()
            batch.values.grad = None
            layer(batch)[0].values.backward(gradient[: len(batch.values)])

        @torch.inference_mode()
        def output(batch):
            return layer(batch)[0].values.numpy()

        return form, both, output

    return layer_peer(
        options, new_layer, f"RaggedTensor; {options['precision']}.", ["bothways", "torch"]
    )


if __name__ == "__main__":
    serve(prepare)
