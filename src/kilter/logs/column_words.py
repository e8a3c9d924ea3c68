"""What the name of one column says: the split, the quantity, and how often it was recorded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, final

from kilter.values.curve_names import (
    EPOCH,
    GRADIENT_NORM,
    LAYER_MEASURES,
    LEARNING_RATE,
    MOVING,
    SECONDS,
)

STEPS: Final = "step"
"""The name for what counts optimizer steps; it becomes no curve."""

SPLITS: Final = {
    **dict.fromkeys(("train", "training", "trn", "tr"), "train"),
    **dict.fromkeys(
        ("val", "valid", "validation", "dev", "development", "eval", "evaluation", "heldout", "holdout"), "valid"
    ),
    **dict.fromkeys(("test", "testing"), "test"),
}
"""A word of a column's name to the split that it means."""

_SPELLINGS: Final = {"acc": "accuracy", "acc1": "top1", "acc5": "top5", "prec": "precision", "rec": "recall"}
_SECTIONS: Final = frozenset({"metrics", "metric", "charts", "scalars", "losses", "performance", "logs", "history"})
_GRAINS: Final = {"step": 0, "batch": 0, "iter": 0, "iteration": 0, "minibatch": 0, "epoch": 2}
"""Words that say how often something was recorded: each step before unsaid (1) before each epoch."""
_OF_THE_MACHINE: Final = frozenset(
    {"runtime", "time", "second", "seconds", "sec", "flos", "flops", "throughput", "memory"}
)
_WHOLE: Final = frozenset({"total", "overall", "mean", "avg", "average", "running", "smooth", "smoothed", "global"})
"""Words beside "loss" that leave it the whole loss."""

_COUNTERS: Final = (
    "trainer_global_step", "train_global_step", "global_step", "optimizer_step", "num_updates", "updates", "update",
    "train_step", "step", "steps", "iteration", "iterations", "train_iter", "iter", "iters", "n_iter", "itr", "it",
    "batch", "batch_idx", "batch_num", "minibatch",
)  # fmt: skip
"""Counters of steps; of two in one log the earlier here counts."""
_EPOCHS: Final = ("epoch", "train_epoch", "trainer_epoch", "current_epoch", "epochs", "epoch_idx", "epoch_num", "ep")
_CLOCKS: Final = ("elapsed", "elapsed_time", "elapsed_seconds", "time_elapsed", "runtime", "relative_time")
_NORMS: Final = frozenset({"gnorm", "gradnorm"})
_GRADIENTS: Final = frozenset({"grad", "grads", "gradient", "gradients"})
_OF_ALL: Final = frozenset({"norm", "total", "global", "all", "l2", "2", "0", "overall", "model", "step", "before"})
_NO_RATE: Final = frozenset({"momentum", "weight", "decay", "wd", "mult", "scale", "ratio", "betas", "eps"})

_OWN: Final = re.compile(r"(?:train|valid|test)\.[^/\s]+|(?:clock|layers)\.\w+")
_FOREIGN_TAILS: Final = frozenset({"lr", "acc", "grad_norm", "iter", "iteration", "global_step", "step"})
_GLUED: Final = re.compile(r"(train|tr|valid|val|test|eval|dev|t|v)(loss|acc|accuracy|error|err|f1)")
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])")
_LOADER: Final = re.compile(r"_?dataloader_idx_(\d+)$")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a column's name says.

    Attributes:
        quantity: `loss`, `accuracy`, `ce_loss`; `step` for a counter of steps.
        split: train, valid or test; empty where the name does not say.
        curve: the curve's whole name, where the quantity is that of training only, such as the learning rate.
        rank: of two columns that mean the same, the one with the lower rank is taken.
    """

    quantity: str
    split: str = ""
    curve: str = ""
    rank: int = 1


def meaning(name: str) -> Meaning:
    """What the name of a column says.

    >>> meaning("val/acc").split, meaning("val/acc").quantity
    ('valid', 'accuracy')
    >>> meaning("train_loss_step").quantity, meaning("lr-AdamW/pg1").curve, meaning("trainer/global_step").quantity
    ('loss', 'train.learning_rate', 'step')
    """
    if _is_own(name):
        split, _, quantity = name.partition(".")
        return Meaning(quantity=quantity, split=split, curve=name, rank=0)
    name, loader = _without_loader(name)
    words = _words(name)
    joined = "_".join(words)
    for quantity, curve, spellings in (
        (STEPS, "", _COUNTERS),
        ("epoch", EPOCH, _EPOCHS),
        ("seconds", SECONDS, _CLOCKS),
    ):
        if joined in spellings:
            return Meaning(quantity=quantity, curve=curve, rank=spellings.index(joined))
    if _is_gradient_norm(words):
        return Meaning(quantity="gradient_norm", curve=GRADIENT_NORM, rank=len(words))
    if _is_rate(words):
        return Meaning(quantity="learning_rate", curve=LEARNING_RATE)
    return _of_split(words, loader)


def _is_own(name: str) -> bool:
    """Whether a curve is called as kilter calls it."""
    measure, slash, _ = name.partition("/")
    if name.startswith(MOVING) or (slash and measure in LAYER_MEASURES and not _is_gradient_norm(_words(name))):
        return True
    return _OWN.fullmatch(name) is not None and name == name.lower() and name.partition(".")[2] not in _FOREIGN_TAILS


def _of_split(words: list[str], loader: int) -> Meaning:
    split = next((SPLITS[word] for word in words if word in SPLITS), "")
    rest = [_SPELLINGS.get(word, word) for word in words if word not in SPLITS and word not in _SECTIONS]
    if any(word in _OF_THE_MACHINE for word in rest):
        return Meaning(quantity="_".join(words))
    grain = 1
    for at in (0, -1):  # `epoch_loss`, `loss_epoch`; a word of time inside a name belongs to it
        if len(rest) > 1 and rest[at] in _GRAINS:
            grain = _GRAINS[rest.pop(at)]
    # A training is read best step by step, where its noise can be told; an evaluation as a whole.
    rank = 100 * loader + 10 * (grain if split in {"", "train"} else 2 - grain)
    if "loss" in rest and set(rest) <= {"loss", *_WHOLE}:
        return Meaning(quantity="loss", split=split, rank=rank + len(rest))
    return Meaning(quantity="_".join(rest), split=split, rank=rank)


def _words(name: str) -> list[str]:
    words = [word for word in re.split(r"[^0-9a-z%@]+", _CAMEL.sub("_", name.strip()).lower()) if word]
    glued = [_GLUED.fullmatch(word) for word in words]
    parted: list[str] = []
    for word, match in zip(words, glued, strict=True):
        if match is None:
            parted.append(word)
        else:
            parted += [{"t": "train", "v": "val"}.get(match[1], match[1]), match[2]]
    return parted


def _without_loader(name: str) -> tuple[str, int]:
    """A name without the number of the loader that Lightning adds where there are several, and that number."""
    found = _LOADER.search(name)
    return (name[: found.start()].rstrip("/"), int(found[1])) if found else (name, 0)


def _is_gradient_norm(words: list[str]) -> bool:
    rest = [word for word in words if word not in SPLITS and word not in _SECTIONS]
    if any(word in _NORMS for word in rest):
        return len(rest) == 1
    named = any(word in _GRADIENTS for word in rest) and "norm" in rest
    return named and all(word in _GRADIENTS or word in _OF_ALL for word in rest)


def _is_rate(words: list[str]) -> bool:
    if any(word in _NO_RATE for word in words):
        return False
    return "lr" in words or "learningrate" in words or ("learning" in words and "rate" in words)
