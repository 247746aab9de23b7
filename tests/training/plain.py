"""The whole network as its equations read, a token at a time, in float64; torch derives it."""

from __future__ import annotations

from dataclasses import replace

import torch


def loss_and_gradients(spec, tensors, texts, labels, masks, adversarial=0.0):
    """The mean loss and the gradient of every tensor, float64 arrays of the tensors' shapes.

    `texts` are lists of ids, `masks` those of `bothways.training`; the words' masks lie in the
    order of the distinct ids. With `adversarial` the gradients are those of the mean loss and
    of the mean loss of texts moved by that distance.
    """
    w = {k: torch.tensor(v, dtype=torch.float64, requires_grad=True) for k, v in tensors.items()}
    place = {word: u for u, word in enumerate(sorted({word for text in texts for word in text}))}
    losses, moved_losses = [], []
    for n, (text, label) in enumerate(zip(texts, labels, strict=True)):
        steps = [
            _drop(_drop(w["embedding.weight"][word], masks.words, place[word]), masks.inputs, n)
            for word in text
        ]
        losses.append(_loss(spec, w, steps, masks, n, label))
        if adversarial:
            moves = _moves(text, steps, losses[-1], adversarial)
            steps = [step + move for step, move in zip(steps, moves, strict=True)]
            moved_losses.append(_loss(spec, w, steps, masks, n, label))
    loss = torch.stack(losses).mean()
    (loss + torch.stack(moved_losses).mean() if adversarial else loss).backward()
    return loss.item(), {name: tensor.grad.numpy() for name, tensor in w.items()}


def _loss(spec, w, steps, masks, n, label):
    features = _drop(_features(spec, w, steps, masks.layers, n), masks.features, n)
    logits = features @ w["dense.kernel"] + w["dense.bias"]
    if spec.outputs == 1:
        logits = torch.cat([torch.zeros(1, dtype=torch.float64), logits])
    return -logits.log_softmax(0)[label]


def _moves(text, steps, loss, distance):
    """Along the gradient of a text's loss; equal words along the mean of theirs."""
    if not text:
        return []
    each = torch.autograd.grad(loss, steps, retain_graph=True)
    mean = {
        word: torch.stack([g for g, other in zip(each, text, strict=True) if other == word]).mean(0)
        for word in set(text)
    }
    moves = torch.stack([mean[word] for word in text])
    return distance * moves / moves.norm() if moves.any() else moves


def _features(spec, w, steps, masks, n):
    for k in range(spec.layers):
        if k:
            steps = [_drop(step, masks[k - 1], n) for step in steps]
        ways = [_direction(spec, w, k, d, steps) for d in range(spec.directions)]
        steps = [torch.cat(states) for states in zip(*ways, strict=True)]
    nothing = torch.zeros(spec.hidden_size, dtype=torch.float64)
    if spec.pooling == "last":
        # Each direction's last state: that of the last token, and that of the first.
        both = [(way[-d] if way else nothing) for way, d in zip(ways, (1, 0), strict=False)]
        return _merge(spec, both)
    merged = [_merge(spec, step.split(spec.hidden_size)) for step in steps]
    if not merged:
        return torch.zeros(spec.width, dtype=torch.float64)
    stacked = torch.stack(merged)
    return stacked.mean(0) if spec.pooling == "mean" else stacked.amax(0)


def _direction(spec, w, k, d, steps):
    """The state after each token, in the order of the text."""
    if d and spec.lookahead is not None:
        spans = [steps[t : t + spec.lookahead + 1] for t in range(len(steps))]
        whole = replace(spec, lookahead=None)
        return [_direction(whole, w, k, d, span)[0] for span in spans]
    H, prefix = spec.hidden_size, f"lstm.{k}." if k else "lstm."
    columns = slice(d * 4 * H, (d + 1) * 4 * H)
    h = c = torch.zeros(H, dtype=torch.float64)
    states = []
    for x in reversed(steps) if d else steps:
        z = x @ w[prefix + "kernel"][:, columns] + w[prefix + "bias"][columns]
        i, f, g, o = (z + h @ w[prefix + "recurrent_kernel"][d]).split(H)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        states.append(h)
    return states[::-1] if d else states


def _merge(spec, ways):
    if spec.merge == "concat" or len(ways) == 1:
        return torch.cat(list(ways))
    forward, backward = ways
    return {
        "sum": forward + backward,
        "mul": forward * backward,
        "ave": (forward + backward) / 2,
    }[spec.merge]


def _drop(x, mask, row):
    return x if mask is None else x * torch.tensor(mask[row], dtype=torch.float64)
