"""Faulty programs: outputs and losses that do not fit each other, or what is to be learnt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import nn

from kilter.testing.programs import (
    data,
    healthy_amounts,
    healthy_distributions,
    healthy_making,
    healthy_pairs,
    healthy_tables,
    healthy_tags,
)
from kilter.testing.programs.entries import Faulty, fault, well
from kilter.testing.programs.healthy import named
from kilter.testing.programs.networks import Tagger, perceptron
from kilter.testing.programs.steps import CLASSES10, squeezed, stepping, validating

if TYPE_CHECKING:
    from torch import Tensor


def adam(model: nn.Module, rate: float = 5e-3) -> torch.optim.Optimizer:
    """Adam at this rate."""
    return torch.optim.Adam(model.parameters(), lr=rate)


def _digit_as_amount() -> Any:
    """The class's number is regressed and rounded."""
    model = perceptron(64, 64, 64, 1)
    return (
        model,
        adam(model),
        squeezed(lambda outputs, y: F.mse_loss(outputs, y.float())),
        *data.loaders(data.digits()),
    )


def _judge_rounded(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    x, y = batch
    outputs = model(x).squeeze(1)
    return loss_fn(outputs, y), (outputs.round() == y).float().mean(), len(y)


def _labels_by_class_loss() -> Any:
    """Several labels a row, by a loss for one."""
    model = perceptron(20, 48, 5)
    return (
        model,
        adam(model),
        lambda o, y: F.cross_entropy(o, y.argmax(-1)),
        *data.loaders(healthy_tables.standard_topics()),
    )


def _ascending() -> Any:
    """A likelihood where its negative was meant."""
    model = healthy_amounts.Spread(10)

    def loss_fn(outputs: tuple[Tensor, Tensor], y: Tensor) -> Tensor:
        mean, spread = outputs
        return (-((y - mean) ** 2) * (-spread).exp() / 2 - spread / 2).mean()

    return model, torch.optim.SGD(model.parameters(), lr=1e-3), loss_fn, *data.loaders(data.friedman(), 32)


def _pairs_reversed() -> Any:
    """Like pairs are pushed apart, unlike ones drawn together."""
    model = perceptron(64, 48, 8)

    def loss_fn(distance: Tensor, same: Tensor) -> Tensor:
        return ((1 - same) * distance**2 + same * (1.5 - distance).clamp(min=0) ** 2).mean()

    return model, adam(model, 3e-3), loss_fn, *healthy_pairs.paired()


def _summed() -> Any:
    """Summed over a batch, at a rate for a mean."""
    model = perceptron(64, 64, 10)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    return model, optimizer, nn.CrossEntropyLoss(reduction="sum"), *data.loaders(data.digits())


def _meant() -> Any:
    model = perceptron(64, 64, 10)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    return model, optimizer, nn.CrossEntropyLoss(), *data.loaders(data.digits())


def _long_tags(pad: int) -> data.Split:
    train, valid = (
        (tokens, lengths, tags.masked_fill(tags == data.IGNORED, pad))
        for tokens, lengths, tags in data.tagged(longest=48).both
    )
    return data.Split(train, valid)


def _padding_counted() -> Any:
    """Four of five places are padding, each counted as a tag of its own kind, averaged in."""
    model = Tagger(5)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3, momentum=0.9)
    return model, optimizer, nn.CrossEntropyLoss(), *data.loaders(_long_tags(4), 32)


def _padding_ignored() -> Any:
    model = Tagger(5)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3, momentum=0.9)
    return model, optimizer, nn.CrossEntropyLoss(ignore_index=4), *data.loaders(_long_tags(4), 32)


def _judge_long(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    tokens, lengths, tags = batch
    outputs, there = model(tokens, lengths), tags != 4
    return (
        loss_fn(outputs.flatten(0, 1), tags.flatten()),
        (outputs.argmax(-1) == tags)[there].float().mean(),
        int(there.sum()),
    )


def _first_tag_ignored() -> Any:
    """Padding is tag 0, and so is a real tag."""
    model = Tagger(4)
    train, valid = ((a, b, tags.clamp(min=0)) for a, b, tags in data.tagged().both)
    return model, adam(model, 1e-2), nn.CrossEntropyLoss(ignore_index=0), *data.loaders(data.Split(train, valid), 32)


def _judge_all_tags(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    tokens, lengths, tags = batch
    outputs, there = model(tokens, lengths), tokens != 0
    return (
        loss_fn(outputs.flatten(0, 1), tags.flatten()),
        (outputs.argmax(-1) == tags)[there].float().mean(),
        int(there.sum()),
    )


def _signed_topics() -> Any:
    """Labels -1 and 1 for a loss that wants 0 and 1."""
    train, valid = ((x, 2 * y - 1) for x, y in healthy_tables.standard_topics().both)
    model = perceptron(20, 48, 5)
    return model, adam(model), nn.BCEWithLogitsLoss(), *data.loaders(data.Split(train, valid))


def _same_word(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    """Each place tells its own word."""
    (tokens,) = batch
    return loss_fn(model(tokens).flatten(0, 1), tokens.flatten())


def _shifted_twice() -> Any:
    """The loader moves labels by one, and so does the model."""
    model = healthy_making.ShiftInside()
    train, valid = ((tokens[:, :-1], tokens[:, 1:]) for (tokens,) in data.sentences().both)
    loaders = data.dict_loaders(data.Split(train, valid), "input_ids", "labels", batch=32)
    return model, adam(model), None, *loaders


def _judge_twice(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    answer = model(**batch)
    right = answer["logits"].argmax(-1) == batch["labels"]
    return answer["loss"], right.float().mean(), len(right)


def _ink_above_all(model: nn.Module, loss_fn: Any, batch: Any) -> Tensor:
    """The second loss is in another unit, squared."""
    outputs, targets = model(**batch["inputs"]), batch["targets"]
    ink = F.mse_loss(100 * outputs["ink"], 100 * targets["ink"])
    return F.cross_entropy(outputs["digit"], targets["digit"]) + 10 * ink


def _code_above_all() -> Any:
    """The distance of codes from noise counts a hundred times."""
    train, valid = data.digits().both
    model = healthy_distributions.Variational()

    def loss_fn(outputs: Any, x: Tensor) -> Any:
        found, mean, spread = outputs
        told = F.binary_cross_entropy_with_logits(found, x, reduction="none").sum(-1)
        far = -0.5 * (1 + spread - mean**2 - spread.exp()).sum(-1)
        return (told + 100 * far).mean()

    loaders: Any = data.tensor_loader(train[0], 64, shuffle=True), data.tensor_loader(valid[0], 256)
    return model, adam(model), loss_fn, *loaders


def _log_of_zero() -> Any:
    """Rates from a rectifier, and their logarithm."""
    model, _, _, train, valid = healthy_amounts.counts_poisson()
    model = nn.Sequential(*model, nn.ReLU())
    loss_fn = squeezed(nn.PoissonNLLLoss(log_input=False, eps=0.0))
    return model, adam(model), loss_fn, train, valid


def _root_of_zero() -> Any:
    """The root of a squared distance has no slope where two rows are the same."""
    model = perceptron(64, 48, 8)

    def loss_fn(distance: Tensor, same: Tensor) -> Tensor:
        return (same * distance**2 + (1 - same) * (1.5 - distance).clamp(min=0) ** 2).mean()

    return model, adam(model, 3e-3), loss_fn, *healthy_pairs.paired()


def _rooted(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    first, second, same = batch
    second = torch.where((torch.arange(len(same)) % 16 == 0)[:, None] & (same > 0)[:, None], first, second)
    return loss_fn(((model(first) - model(second)) ** 2).sum(1).sqrt(), same)


def _far_start() -> Any:
    """A last bias far from all amounts, which the rate walks to in a thousand steps."""
    model, optimizer, loss_fn, train, valid = healthy_amounts.friedman_mse()
    nn.init.constant_(model[-1].bias, 40.0)
    return model, optimizer, loss_fn, train, valid


MEANT = well("digits by momentum", _meant, epochs=5, reaches=0.9, **CLASSES10)


LONG = well(
    "tagger long padding",
    _padding_ignored,
    epochs=8,
    reaches=0.8,
    task="tagging",
    classes=5,
    step=stepping(healthy_tags.tag_loss),
    validate=validating(_judge_long),
)


TAGGER = named("tagger lstm both ways")


TOPICS = named("topics bce")

LOSS_FAULTS: tuple[Faulty, ...] = (
    fault(
        "digit as an amount",
        named("digits mlp adam"),
        "wrong_loss_for_task",
        costs=0.1,
        build=_digit_as_amount,
        validate=validating(_judge_rounded),
    ),
    fault("topics by a loss for one class", TOPICS, "wrong_loss_for_task", costs=0.05, build=_labels_by_class_loss),
    fault(
        "likelihood descends", named("friedman gaussian likelihood"), "loss_sign_flipped", costs=0.3, build=_ascending
    ),
    fault(
        "pairs reversed",
        named("siamese contrastive"),
        "loss_sign_flipped",
        "labels_out_of_range",
        costs=0.2,
        build=_pairs_reversed,
    ),
    fault("loss summed", MEANT, "loss_sum_reduction", "lr_too_high", costs=0.05, build=_summed),
    fault("padding counted", LONG, "padding_not_masked_in_loss", costs=0.02, build=_padding_counted),
    fault(
        "first tag ignored",
        TAGGER,
        "ignore_index_collision",
        costs=0.05,
        build=_first_tag_ignored,
        validate=validating(_judge_all_tags),
    ),
    fault("topics signed", TOPICS, "labels_out_of_range", build=_signed_topics, breaks="the loss has no floor"),
    fault(
        "each place tells itself",
        named("language causal transformer tied"),
        "labels_shifted",
        "task_trivial",
        costs=0.3,
        step=stepping(_same_word),
    ),
    fault(
        "shifted twice",
        named("language shifted inside"),
        "labels_shifted",
        costs=0.3,
        build=_shifted_twice,
        validate=validating(_judge_twice),
    ),
    fault(
        "ink above all",
        named("two heads nested dicts"),
        "auxiliary_loss_dominates",
        costs=0.1,
        step=stepping(_ink_above_all),
    ),
    fault(
        "code above all", named("autoencoder variational"), "auxiliary_loss_dominates", costs=0.1, build=_code_above_all
    ),
    fault("logarithm of zero", named("counts poisson"), "numeric_instability", costs=0.2, build=_log_of_zero),
    fault(
        "root of zero",
        named("siamese contrastive"),
        "numeric_instability",
        costs=0.2,
        build=_root_of_zero,
        step=stepping(_rooted),
    ),
    fault("far start", named("friedman mse"), "bad_output_init", costs=0.1, build=_far_start),
)
