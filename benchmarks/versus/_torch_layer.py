"""One bidirectional layer under torch's names, over a packed or a padded batch; and its peer."""

import torch
from _layer import INPUT, layer_peer
from _torch import load_lstm
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence


def prepare_torch_layer(
    options, settings, packed=False, dtype=torch.float32, lstm_class=nn.LSTM, packages=("torch",)
):
    """Return the peer. Padded to the batch's longest text; input and gradient in `dtype`."""
    torch.set_num_threads(options["threads"])

    def new_layer(hidden, weights):
        lstm = lstm_class(INPUT, hidden, batch_first=True, bidirectional=True, dtype=dtype)
        load_lstm(lstm, weights)
        gradient = torch.randn(32 * 600, 2 * hidden, dtype=dtype)

        def form(offsets, x):
            lengths = torch.from_numpy(offsets).diff()
            texts = torch.from_numpy(x).to(dtype).split(lengths.tolist())
            padded = nn.utils.rnn.pad_sequence(texts, batch_first=True)
            return padded.requires_grad_(), lengths

        def read(padded, lengths):
            if packed:
                padded = pack_padded_sequence(
                    padded, lengths, batch_first=True, enforce_sorted=False
                )
            return lstm(padded)[0]

        def both(batch):
            lstm.zero_grad()
            batch[0].grad = None
            states = read(*batch)
            states = states.data if packed else states.flatten(0, 1)
            states.backward(gradient[: len(states)])

        @torch.inference_mode()
        def output(batch):
            states = read(*batch)
            if isinstance(states, PackedSequence):
                states = pad_packed_sequence(states, batch_first=True)[0]
            lengths = batch[1].tolist()
            return torch.cat([s[:n] for s, n in zip(states, lengths, strict=True)]).float().numpy()

        return form, both, output

    return layer_peer(options, new_layer, settings, list(packages))
