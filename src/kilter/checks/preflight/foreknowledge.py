"""What nobody can know of a batch: where the same tokens go on in different ways, the best answer is a guess."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple

from kilter.values.task import IGNORED, Form

if TYPE_CHECKING:
    from kilter.values.batch import Batch
    from kilter.values.task import Task


class Unknowable(NamedTuple):
    """What remains when a batch is known by heart.

    Attributes:
        loss: the mean cross-entropy of the best answers, in nats a judged place.
        wrong: judged places at which the best answers are wrong.
    """

    loss: float
    wrong: int


def unknowable(task: Task, batch: Batch) -> Unknowable:
    """What remains of a batch when the shares of what follows each beginning are known; nothing for other forms.

    A model of the next token sees the tokens up to it. All texts begin alike, so that which of them has begun is not
    known before they part: of n equally frequent texts, log n nats are left in all (the chain rule of entropy; Cover
    and Thomas 2006, Elements of information theory, section 2.5).
    """
    if task.form is not Form.NEXT or batch.target is None or "tokens" not in batch.inputs:
        return Unknowable(0.0, 0)
    follows: dict[int, Counter[int]] = defaultdict(Counter)
    places: dict[tuple[int, int], int] = {}  # (beginning, next token) to the longer beginning
    for tokens, targets in zip(batch.inputs["tokens"].tolist(), batch.target.tolist(), strict=True):
        beginning = 0
        for token, target in zip(tokens, targets, strict=False):
            beginning = places.setdefault((beginning, token), len(places) + 1)
            if target != IGNORED:
                follows[beginning][target] += 1
    judged = sum(counts.total() for counts in follows.values())
    if not judged:
        return Unknowable(0.0, 0)
    nats = sum(count * math.log(counts.total() / count) for counts in follows.values() for count in counts.values())
    wrong = sum(counts.total() - max(counts.values()) for counts in follows.values())
    return Unknowable(nats / judged, wrong)
