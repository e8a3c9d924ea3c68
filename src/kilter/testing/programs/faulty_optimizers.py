"""Faulty programs: what is wrong is what the optimizer holds, or its schedule."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import nn

from kilter.testing.programs import data, healthy_loops, healthy_making, healthy_pairs, healthy_sequences
from kilter.testing.programs.entries import Faulty, fault
from kilter.testing.programs.healthy import named
from kilter.testing.programs.networks import Encoder, Tagger
from kilter.testing.programs.steps import schedule_epoch, scheduled_step


def _copied_after() -> Any:
    """The optimizer is given the parameters before the model is copied."""
    model = Encoder(2)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    model = copy.deepcopy(model)
    return model, optimizer, nn.CrossEntropyLoss(), *data.loaders(healthy_sequences.documents(), 32)


def _half_given() -> Any:
    """The decoder alone is given to the optimizer."""
    model = healthy_making.Retelling()
    given = [*model.decoder.parameters(), *model.out.parameters()]
    loss_fn = nn.CrossEntropyLoss(ignore_index=0)
    return model, torch.optim.Adam(given, lr=1e-2), loss_fn, *data.loaders(data.translations(), 64)


def _lost_by_name() -> Any:
    """Groups by name lose whatever is neither a weight matrix of a layer nor a bias: scales and embeddings too."""
    model = Tagger(4)
    named_parameters = list(model.named_parameters())
    groups = [
        {"params": [p for name, p in named_parameters if name.endswith("out.weight")], "weight_decay": 0.01},
        {"params": [p for name, p in named_parameters if name.endswith("bias")], "weight_decay": 0.0},
    ]
    loss_fn = nn.CrossEntropyLoss(ignore_index=data.IGNORED)
    return model, torch.optim.AdamW(groups, lr=1e-2), loss_fn, *data.loaders(data.tagged(), 32)


def _held_twice() -> Any:
    """Both optimizers hold the first layer."""
    model = nn.Sequential(nn.Linear(64, 48), nn.ReLU(), nn.Linear(48, 10))
    optimizers = [torch.optim.Adam(model.parameters(), lr=4e-3), torch.optim.SGD(model.parameters(), lr=0.2)]
    return model, optimizers, nn.CrossEntropyLoss(), *data.loaders(data.digits())


def _left_frozen() -> Any:
    """The embeddings stay frozen as they were for a start that was never made."""
    model = Encoder(2)
    with torch.no_grad():
        model.embedding.weight.mul_(0.02)
    model.embedding.weight.requires_grad_(False)
    model.layers.requires_grad_(False)
    optimizer = torch.optim.Adam((p for p in model.parameters() if p.requires_grad), lr=5e-3)
    return model, optimizer, nn.CrossEntropyLoss(), *data.loaders(healthy_sequences.documents(), 32)


def _scheduled(made: Any, *, rate: float = 0.1) -> Any:
    return healthy_loops.digits_by(lambda p: torch.optim.SGD(p, lr=rate, momentum=0.9), schedule=made)


_Schedule = torch.optim.lr_scheduler


def _one_tower() -> Any:
    """The second tower is not the optimizer's."""
    model = healthy_pairs.Towers()
    train, valid = data.digits().both
    split = data.Split(healthy_pairs.views(train), healthy_pairs.views(valid))
    optimizer = torch.optim.Adam([*model.left.parameters(), model.sharpness], lr=3e-3)
    return model, optimizer, nn.CrossEntropyLoss(), *data.loaders(split)


OPTIMIZER_FAULTS: tuple[Faulty, ...] = (
    fault(
        "copied after the optimizer",
        named("words transformer pre-norm"),
        "optimizer_wrong_params",
        costs=0.2,
        build=_copied_after,
    ),
    fault(
        "decoder alone is trained",
        named("translation recurrent attention"),
        "optimizer_missing_group",
        costs=0.1,
        build=_half_given,
    ),
    fault(
        "parameters lost by name",
        named("tagger lstm both ways"),
        "optimizer_missing_group",
        costs=0.05,
        build=_lost_by_name,
    ),
    fault("one tower is not trained", named("two towers"), "optimizer_missing_group", costs=0.05, build=_one_tower),
    fault(
        "held by two optimizers",
        named("two optimizers in a list"),
        "optimizer_duplicate_param",
        build=_held_twice,
        breaks="a layer is updated twice",
    ),
    fault(
        "body left frozen",
        named("words transformer pre-norm"),
        "unintended_frozen_layer",
        costs=0.05,
        build=_left_frozen,
    ),
    fault(
        "epochs' schedule each batch",
        named("steps down"),
        "scheduler_per_batch",
        "lr_decayed_too_early",
        costs=0.1,
        build=_scheduled(lambda o: _Schedule.StepLR(o, 4, 0.3)),
        step=scheduled_step,
        epoch_end=None,
    ),
    fault(
        "batches' schedule each epoch",
        named("warm-up and cosine"),
        "scheduler_per_epoch",
        "warmup_longer_than_run",
        costs=0.1,
        build=_scheduled(lambda o: _Schedule.LambdaLR(o, lambda s: min(1, s / 400)), rate=0.05),
        step=named("sgd bare").program.step,
        epoch_end=schedule_epoch,
    ),
    fault(
        "linear decay over an epoch",
        named("warm-up and cosine"),
        "schedule_length_mismatch",
        "lr_decayed_too_early",
        costs=0.1,
        build=_scheduled(lambda o: _Schedule.LambdaLR(o, lambda s: max(0, 1 - s / 10))),
    ),
    fault(
        "warm-up of ten thousand steps",
        named("vision transformer post-norm warm-up"),
        "warmup_longer_than_run",
        costs=0.1,
        build=_scheduled(lambda o: _Schedule.LambdaLR(o, lambda s: min(1, (s + 1) / 10000))),
    ),
    fault(
        "rate falls in the first epoch",
        named("steps down"),
        "lr_decayed_too_early",
        costs=0.1,
        build=_scheduled(lambda o: _Schedule.MultiStepLR(o, [1, 2], 0.03), rate=0.03),
    ),
)
