"""Losses as functions of tensors: one number an example, nothing averaged, so that tasks can weigh and add up.

Logits are taken as they leave the model; every softmax and sigmoid is in here, on the scale of logarithms.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from kilter.values.task import Loss

if TYPE_CHECKING:
    from torch import Tensor


def cross_entropy(logits: Tensor, target: Tensor, *, smoothing: float = 0.0) -> Tensor:
    """Nats (b,) of logits (b, k) against class indices (b,) or shares of the classes (b, k).

    Smoothing spreads a part s of the shares evenly over all k classes, (1 - s) shares + s / k (Szegedy et al. 2016,
    Rethinking the Inception architecture, section 7).

    >>> cross_entropy(torch.zeros(1, 4), torch.tensor([2])).item() == torch.log(torch.tensor(4.0)).item()
    True
    """
    if target.is_floating_point():
        target = target.to(logits.dtype)
    return functional.cross_entropy(logits, target, reduction="none", label_smoothing=smoothing)


def two_logits(logit: Tensor) -> Tensor:
    """One logit z (b,) of the second of two classes as the logits (b, 2) that say the same: (0, z)."""
    return torch.stack([torch.zeros_like(logit), logit], dim=-1)


def binary_cross_entropy(logit: Tensor, share: Tensor) -> Tensor:
    """Nats of logits against the share (0 to 1) of what they speak for, of one shape, whichever it is."""
    return functional.binary_cross_entropy_with_logits(logit, share.to(logit.dtype), reduction="none")


def focal(logits: Tensor, target: Tensor, *, focus: float) -> Tensor:
    """Cross-entropy (b,) of logits (b, k) against class indices (b,), times (1 - p)^focus for the true class's p.

    What is right already counts less (Lin et al. 2017, Focal loss for dense object detection, equation 4); focus 0 is
    the cross-entropy. Class weights, their alpha, are the task's.
    """
    given = functional.log_softmax(logits, dim=-1).gather(1, target.unsqueeze(1)).squeeze(1)
    # 1 - p without the rounding of a p near 1; the floor keeps the gradient of a power below 1 finite
    missing = (-torch.expm1(given)).clamp_min(torch.finfo(given.dtype).tiny)
    return -(missing**focus) * given


def softened(shares: Tensor, temperature: float) -> Tensor:
    """Shares (b, k) as the teacher that gave them would give them at a temperature: in proportion to share^(1 / T)."""
    powers = shares ** (1 / temperature)
    return powers / powers.sum(dim=-1, keepdim=True)


def distillation(logits: Tensor, shares: Tensor, *, temperature: float) -> Tensor:
    """T² times the divergence (b,) of a teacher's shares (b, k) from a model's logits (b, k), both softened by T.

    Hinton et al. 2015, Distilling the knowledge in a neural network, section 2; T² keeps the gradient's size as T
    grows. The divergence is their cross-entropy less the teacher's own entropy, which no model can change: a model that
    says what the teacher says loses 0.
    """
    teacher = softened(shares.to(logits.dtype), temperature)
    said = functional.log_softmax(logits / temperature, dim=-1)
    return temperature**2 * (torch.xlogy(teacher, teacher) - teacher * said).sum(dim=-1)


def squared(error: Tensor) -> Tensor:
    """The square of each error."""
    return error.square()


def absolute(error: Tensor) -> Tensor:
    """The size of each error."""
    return error.abs()


def huber(error: Tensor, *, delta: float) -> Tensor:
    """Half the square of errors up to delta, beyond it delta (|error| - delta / 2), each.

    Huber 1964, Robust estimation of a location parameter.
    """
    size = error.abs()
    return torch.where(size <= delta, 0.5 * error.square(), delta * (size - 0.5 * delta))


def squared_distances(left: Tensor, right: Tensor) -> Tensor:
    """Squared Euclidean distances (b, c) of each of the places (b, d) from each of the places (c, d)."""
    return (left.unsqueeze(1) - right.unsqueeze(0)).square().sum(dim=-1)


def in_batch(similarity: Tensor, alike: Tensor, *, temperature: float) -> Tensor:
    """Nats (b,) of picking one's own among all that stand in the batch, from similarities (b, b).

    Row i belongs to column i; columns that are `alike` (b, b), saying the same as i's own, are no wrong answers and are
    left out. This is InfoNCE with the batch as its negatives (van den Oord et al. 2018, Representation learning with
    contrastive predictive coding, equation 4).
    """
    own = torch.eye(len(similarity), dtype=torch.bool, device=similarity.device)
    logits = (similarity / temperature).masked_fill(alike & ~own, -torch.inf)
    return torch.logsumexp(logits, dim=1) - logits.diagonal()


def contrastive(distance: Tensor, alike: Tensor, *, margin: float) -> Tensor:
    """Half the squared distance of what is alike, half the square of what others lack to the margin, each.

    Hadsell, Chopra and LeCun 2006, Dimensionality reduction by learning an invariant mapping, equation 4. `distance`
    is squared, and so is 0 where two places meet.
    """
    # the root's slope is infinite at 0; the floor, a millionth of a unit, bounds it
    short = (margin - distance.clamp_min(1e-12).sqrt()).clamp_min(0)
    return torch.where(alike, 0.5 * distance, 0.5 * short.square())


def triplet(positive: Tensor, negative: Tensor, *, margin: float) -> Tensor:
    """How far negatives fail to be farther than the positive by the margin, from squared distances, each.

    Schroff, Kalenichenko and Philbin 2015, FaceNet, equation 3.
    """
    return (positive - negative + margin).clamp_min(0)


def mean_over(values: Tensor, counted: Tensor) -> Tensor:
    """The mean (b,) of those values (b, c) that are counted (b, c); 0 where none is."""
    return torch.where(counted, values, 0).sum(dim=1) / counted.sum(dim=1).clamp_min(1)


def quantile(error: Tensor, levels: Sequence[float]) -> Tensor:
    """The mean over levels (b,) of the quantile loss of errors, target - answer (b, q), one column a level.

    What lies above its quantile costs the level, what lies below the rest to 1 (Koenker and Bassett 1978, Regression
    quantiles).

    >>> quantile(torch.tensor([[2.0, -1.0]]), (0.25, 0.5)).item()
    0.5
    """
    steps = torch.tensor(levels, dtype=error.dtype, device=error.device)
    return torch.maximum(steps * error, (steps - 1) * error).mean(dim=1)


def over_places(losses: Tensor, known: Tensor, weight: Tensor) -> Loss:
    """The mean of losses (b, k) over the places (b, k) that are known; losses of other places must be 0.

    Each place counts 1 / k of its example's weight (b,).
    """
    places = losses.shape[1]
    each = losses.sum(dim=1) / places
    weight = weight.to(each.dtype)
    return Loss(torch.dot(each, weight), (weight * known.sum(dim=1) / places).sum(), each)


def over_tokens(each: Tensor, judged: Tensor, weight: Tensor) -> Loss:
    """The mean over the tokens (b, t) that are judged, of losses (b,) that add up those of an example's tokens."""
    weight = weight.to(each.dtype)
    return Loss(torch.dot(each, weight), torch.dot(judged.sum(dim=1).to(each.dtype), weight), each)
