"""The classic model in torch, by the book: nn.Embedding, nn.LSTM, torch.optim; and its peer."""

import torch
from _classic import (
    BETAS,
    DROPOUT,
    EPSILON,
    HIDDEN,
    INPUT,
    LEARNING_RATE,
    LONGEST,
    RHO,
    VOCABULARY,
    first_weights,
)
from _lstm import PARTS, WAYS
from _training import training_peer
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence


@torch.no_grad()
def load_lstm(lstm, weights):
    """Give nn.LSTM weights in Keras's layout; torch's gates have the same order, i f g o."""
    for way, suffix in zip(WAYS, ("l0", "l0_reverse"), strict=True):
        kernel, recurrent, bias = (torch.from_numpy(weights[f"{way}_{part}"]) for part in PARTS)
        getattr(lstm, f"weight_ih_{suffix}").copy_(kernel.T)
        getattr(lstm, f"weight_hh_{suffix}").copy_(recurrent.T)
        getattr(lstm, f"bias_ih_{suffix}").copy_(bias)
        getattr(lstm, f"bias_hh_{suffix}").zero_()


class Classic(nn.Module):
    """Logits (N,) from padded ids (N, 600) int64; lengths (N,) int64 pack them, None does not."""

    def __init__(self, dtype):
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, INPUT, padding_idx=0)
        self.lstm = nn.LSTM(INPUT, HIDDEN, batch_first=True, bidirectional=True, dtype=dtype)
        self.dropout = nn.Dropout(DROPOUT)
        self.dense = nn.Linear(2 * HIDDEN, 1)
        self.dtype = dtype

    def forward(self, ids, lengths=None):
        """Read each text both ways and judge it by the two last states."""
        x = self.embedding(ids).to(self.dtype)
        if lengths is not None:
            x = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        _, (h, _) = self.lstm(x)
        return self.dense(self.dropout(torch.cat([h[0], h[1]], 1)).float())[:, 0]

    @torch.no_grad()
    def load_keras(self, weights):
        """Take weights in Keras's layout."""
        load_lstm(self.lstm, weights)
        self.embedding.weight.copy_(torch.from_numpy(weights["embedding"]))
        self.dense.weight.copy_(torch.from_numpy(weights["dense_kernel"].T))
        self.dense.bias.copy_(torch.from_numpy(weights["dense_bias"]))


def new_optimizer(name, parameters):
    """The fastest form on a CPU: Adam fused 3 ms, foreach 9; RMSprop foreach 6, in a loop 7."""
    if name == "Adam":
        return torch.optim.Adam(parameters, LEARNING_RATE, betas=BETAS, eps=EPSILON, fused=True)
    return torch.optim.RMSprop(parameters, LEARNING_RATE, alpha=RHO, eps=EPSILON, foreach=True)


def tensors(texts):
    """Return ids (N, 600) int64, padded, lengths (N,) int64 and labels (N,) float32."""
    lengths = torch.from_numpy(texts.offsets).diff()
    ids = torch.from_numpy(texts.padded(LONGEST)).long()
    return ids, lengths, torch.from_numpy(texts.labels)


def prepare_torch(options, settings, packed=False, dtype=torch.float32):
    """Return the peer that trains packed or padded, with the LSTM in float32 or bfloat16."""
    torch.manual_seed(0)
    torch.set_num_threads(options["threads"])
    model = Classic(dtype)
    model.load_keras(first_weights())
    optimizer = new_optimizer(options["optimizer"], model.parameters())
    loss = nn.BCEWithLogitsLoss()

    def logits(ids, lengths):
        return model(ids, lengths if packed else None)

    def step(batch):
        ids, lengths, labels = batch
        optimizer.zero_grad(set_to_none=True)
        loss(logits(ids, lengths), labels).backward()
        optimizer.step()

    @torch.inference_mode()
    def probabilities(texts):
        model.eval()
        found = logits(*tensors(texts)[:2]).sigmoid().numpy()
        model.train()
        return found

    form = "fused" if options["optimizer"] == "Adam" else "foreach"
    return training_peer(
        options["folder"],
        form=tensors,
        step=step,
        probabilities=probabilities,
        settings=f"{settings}; {options['optimizer']} {form}.",
        packages=["torch"],
        warm=1,
    )
