"""A classifier as somebody writes it in PyTorch, who has never heard of Bothways."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

WORDS = [*"abcdefghijklmnopqrstuvwxyz"]


class Net(nn.Module):
    """Ids `(N, L)` and lengths `(N,)` to scores `(N, outputs)`."""

    def __init__(self, layers=1, both=True, outputs=3, merge="concat", pooling="last", **options):
        super().__init__()
        self.words = nn.Embedding(len(WORDS) + 2, 5)
        self.reader = nn.LSTM(5, 7, layers, batch_first=True, bidirectional=both, **options)
        self.head = nn.Linear(14 if both and merge == "concat" else 7, outputs)
        self.both, self.merge, self.pooling = both, merge, pooling
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.normal_(0, 0.6)
            self.head.weight *= 5

    def join(self, forward, backward):
        return {
            "concat": lambda: torch.cat([forward, backward], -1),
            "sum": lambda: forward + backward,
            "ave": lambda: (forward + backward) / 2,
            "mul": lambda: forward * backward,
        }[self.merge]()

    def forward(self, ids, lengths):
        x = pack_padded_sequence(self.words(ids), lengths, batch_first=True, enforce_sorted=False)
        output, (h, _) = self.reader(x)
        if self.pooling == "last":
            return self.head(self.join(h[-2], h[-1]) if self.both else h[-1])
        output, _ = pad_packed_sequence(output, batch_first=True)
        output = self.join(*output.chunk(2, -1)) if self.both else output
        rows = [row[:n] for row, n in zip(output, lengths.tolist(), strict=True)]
        pooled = [r.mean(0) if self.pooling == "mean" else r.amax(0) for r in rows]
        return self.head(torch.stack(pooled))
