"""The classic model in torch, by the book: nn.Embedding, nn.LSTM, RMSprop; and its peer."""

import numpy as np
import torch
from _classic import (
    BATCH,
    DROPOUT,
    EPSILON,
    HIDDEN,
    INPUT,
    LEARNING_RATE,
    LONGEST,
    PARTS,
    RHO,
    TRAIN_BATCHES,
    VOCABULARY,
    batches,
    difference,
    first_weights,
    read_texts,
)
from _worker import Peer
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence


class Classic(nn.Module):
    """Logits (N,) from padded ids (N, 600) int64; lengths (N,) int64 pack them, None does not."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, INPUT, padding_idx=0)
        self.lstm = nn.LSTM(INPUT, HIDDEN, batch_first=True, bidirectional=True)
        self.dropout = nn.Dropout(DROPOUT)
        self.dense = nn.Linear(2 * HIDDEN, 1)

    def forward(self, ids, lengths=None):
        """Read each text both ways and judge it by the two last states."""
        x = self.embedding(ids)
        if lengths is not None:
            x = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        _, (h, _) = self.lstm(x)
        return self.dense(self.dropout(torch.cat([h[0], h[1]], 1)))[:, 0]

    @torch.no_grad()
    def load_keras(self, weights):
        """Take weights in Keras's layout; torch's gates have the same order, i f g o."""
        weights = {name: torch.from_numpy(array) for name, array in weights.items()}
        self.embedding.weight.copy_(weights["embedding"])
        for way, suffix in (("forward", "l0"), ("backward", "l0_reverse")):
            kernel, recurrent, bias = (weights[f"{way}_{part}"] for part in PARTS)
            getattr(self.lstm, f"weight_ih_{suffix}").copy_(kernel.T)
            getattr(self.lstm, f"weight_hh_{suffix}").copy_(recurrent.T)
            getattr(self.lstm, f"bias_ih_{suffix}").copy_(bias)
            getattr(self.lstm, f"bias_hh_{suffix}").zero_()
        self.dense.weight.copy_(weights["dense_kernel"].T)
        self.dense.bias.copy_(weights["dense_bias"])


def tensors(texts):
    """Return ids (N, 600) int64, padded, lengths (N,) int64 and labels (N,) float32."""
    lengths = torch.from_numpy(texts.offsets).diff()
    ids = torch.from_numpy(texts.padded(LONGEST)).long()
    return ids, lengths, torch.from_numpy(texts.labels)


def prepare_torch(options, settings, packed=False, bf16=False):
    """Return the peer that trains packed or padded, in float32 or under bfloat16 autocast."""
    torch.manual_seed(0)
    torch.set_num_threads(options["threads"])
    model = Classic()
    model.load_keras(first_weights())
    optimizer = torch.optim.RMSprop(
        model.parameters(), LEARNING_RATE, alpha=RHO, eps=EPSILON, foreach=True
    )
    loss = nn.BCEWithLogitsLoss()

    def logits(ids, lengths, _):
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            return model(ids, lengths if packed else None).float()

    held_out = read_texts(options["folder"], "valid").take(np.arange(BATCH))
    with torch.inference_mode():
        model.eval()
        probabilities = logits(*tensors(held_out)).sigmoid().numpy()
        model.train()

    texts = batches(read_texts(options["folder"], "train"), TRAIN_BATCHES)
    ready = [tensors(batch) for batch in texts]

    def train(first, count):
        for step in range(first, first + count):
            batch = ready[step % TRAIN_BATCHES]
            optimizer.zero_grad(set_to_none=True)
            loss(logits(*batch), batch[-1]).backward()
            optimizer.step()

    train(0, 1)
    return Peer(
        tasks={"train": train},
        settings=settings,
        packages=["torch"],
        facts={"difference": {"train": difference(probabilities, held_out)}},
    )
