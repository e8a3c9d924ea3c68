"""What the curves of a History are called, whoever recorded them."""

from __future__ import annotations

import re
from typing import Final

TRAIN_LOSS: Final = "train.loss"
VALID_LOSS: Final = "valid.loss"
GRADIENT_NORM: Final = "train.gradient_norm"
"""Of all parameters together, before clipping."""
LEARNING_RATE: Final = "train.learning_rate"
"""Of the first parameter group."""
EPOCH: Final = "train.epoch"
"""Counted from 0; a log that counts in fractions keeps them."""
SECONDS: Final = "clock.seconds"
"""Since training began."""
BATCH: Final = "train.batch"
"""A fingerprint of what a step was trained on: equal numbers, equal batches."""
SKIPPED: Final = "train.skipped"
"""Steps so far that made no update since their loss or gradient was not finite, recorded at each of them."""
EMPTY: Final = "train.empty"
"""Steps so far that made no update since nothing in them had a weight, recorded at each of them, without a loss."""
OTHER_LOSS: Final = "train.other_loss"
"""What a second optimizer descends in its turn, such as the loss of an opponent."""
INPUT_SIZE: Final = "train.input"
"""The largest size of a number in a step's inputs, recorded at some steps only; not finite where one of them is not."""
EVERY: Final = "layers.every"
"""Steps between two measurements of layers, as in force from that step on."""
MEASURING: Final = "clock.measuring"
"""Seconds that a measurement of layers took."""
WAITING: Final = "clock.waiting"
"""Seconds since training began, over all sittings, in which batches were waited for."""
EVALUATING: Final = "clock.evaluating"
"""In which the validation split was evaluated."""
SAVING: Final = "clock.saving"
"""In which checkpoints were written; the one that is being written when this is recorded is not among them."""
EXAMPLES: Final = "clock.examples"
"""Training examples that were seen up to then, each as often as it came."""
TOKENS: Final = "clock.tokens"
"""The tokens of these examples without padding; not recorded where there are none."""
MEMORY: Final = "clock.memory"
"""The most bytes that were taken up to then."""
TOTAL: Final = "clock.total"
"""Seconds since training began, with what came after the last step."""
COSTS: Final = (WAITING, EVALUATING, SAVING, EXAMPLES, TOKENS, MEMORY, TOTAL)
"""What a row of the account has, recorded at checkpoints and at the end; a row of nothing else is no event."""

LAYER_MEASURES: Final = (
    "gradient",  # root mean square of a parameter's gradient, before clipping
    "weight",  # root mean square of a parameter
    "update",  # root mean square of a parameter's change in one step, over that of the parameter
    "activation",  # mean of a non-linear function's results
    "dead",  # share of a rectifier's units that gave nothing for any example of the batch
    "saturated",  # share of a tanh's or sigmoid's results within .01 of their limits
    "entropy",  # of an attention's shares, over that of equal shares
)
"""A layer's curves are called `update/encoder.0.weight`: the measure, then the parameter's or the module's name."""

MOVING: Final = "moving/"
"""What a parameter's curve begins with that says whether it has moved since the last look, recorded when that changes:
1 it has, 0 it has not, -1 no gradient was asked of it, -2 its rate was 0, -3 no gradient had reached it."""

_LOWER_IS_BETTER: Final = re.compile(
    r"(?:^|[._/ -])(?:loss|error|err|perplexity|ppl|mae|mse|rmse|mape|pinball|wer|cer|nll|ece|brier|bpc|bits)"
    r"(?:$|[._/ -])"
)
_HIGHER_IS_BETTER: Final = re.compile(
    r"(?:^|[._/ -])(?:acc|accuracy|f1|precision|recall|auc|auroc|auprc|ap|map|mcc|kappa|r2|bleu|chrf|rouge\w*|iou|dice|"
    r"top\d*|match|em|ndcg|mrr|spearman|pearson|metric|score)(?:$|[._/ -])"
)


def split_of(name: str) -> str:
    """The split of a curve: what stands before the first dot; empty where there is none.

    >>> split_of("valid.macro_f1"), split_of("momentum")
    ('valid', '')
    """
    return name.split(".", 1)[0] if "." in name else ""


def direction(name: str) -> int:
    """1 where larger values of a curve are better ones, -1 where smaller ones are, 0 where its name does not tell.

    >>> direction("valid.macro_f1"), direction("valid.loss"), direction("train.epoch")
    (1, -1, 0)
    """
    word = name.lower().replace("_", ".")
    if _LOWER_IS_BETTER.search(word):
        return -1
    return 1 if _HIGHER_IS_BETTER.search(word) else 0
