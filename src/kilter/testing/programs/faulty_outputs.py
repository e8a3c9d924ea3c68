"""Faulty programs: the output is not what the loss takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import nn

from kilter.testing.programs import data, healthy_making, healthy_sequences, healthy_tables, healthy_tags
from kilter.testing.programs.entries import Faulty, fault, well
from kilter.testing.programs.healthy import named
from kilter.testing.programs.networks import MaskedMean, Tagger, perceptron
from kilter.testing.programs.steps import CLASSES10, plain_step, squeezed, stepping, validating

if TYPE_CHECKING:
    from torch import Tensor
from kilter.testing.programs.faulty_loss import TAGGER, TOPICS, adam


class _Likely(nn.Module):
    """Tags' probabilities instead of their logits."""

    def __init__(self) -> None:
        super().__init__()
        self.body = Tagger(4)

    def forward(self, tokens: Tensor, lengths: Tensor) -> Any:
        return self.body(tokens, lengths).softmax(-1)


def _softmax_twice() -> Any:
    model = _Likely()
    return model, adam(model, 1e-2), nn.CrossEntropyLoss(ignore_index=data.IGNORED), *data.loaders(data.tagged(), 32)


def _softmax_in_dict(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    outputs = model(batch["input_ids"], mask=batch["attention_mask"])
    return loss_fn(F.softmax(outputs, dim=-1), batch["label"])


def _sigmoid_twice() -> Any:
    model = nn.Sequential(perceptron(20, 48, 5), nn.Sigmoid())
    return model, adam(model), nn.BCEWithLogitsLoss(), *data.loaders(healthy_tables.standard_topics())


def _judge_labels(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    x, y = batch
    outputs = model(x)
    found = (outputs > 0.5).float()
    return loss_fn(outputs, y), 2 * (found * y).sum() / (found + y).sum().clamp(min=1), len(y)


def _logits_as_logarithms() -> Any:
    model = MaskedMean(2)
    return model, adam(model, 1e-2), nn.NLLLoss(), *data.loaders(healthy_sequences.documents(), 32)


def _rectified_wave() -> Any:
    model = nn.Sequential(healthy_tags.Forecast(), nn.ReLU())
    return model, adam(model, 1e-2), nn.MSELoss(), *data.loaders(data.series(), 64)


def _rectified_logits() -> Any:
    layers = [nn.Linear(64, 48), nn.ReLU(), nn.Linear(48, 10), nn.ReLU()]
    model = nn.Sequential(*layers)
    return model, torch.optim.SGD(model.parameters(), lr=0.1), nn.CrossEntropyLoss(), *data.loaders(data.digits())


def _unrectified_logits() -> Any:
    model = perceptron(64, 48, 10)
    return model, torch.optim.SGD(model.parameters(), lr=0.1), nn.CrossEntropyLoss(), *data.loaders(data.digits())


def _squashed_amount() -> Any:
    """Standardised amounts from a sigmoid."""
    model = nn.Sequential(perceptron(10, 48, 48, 1), nn.Sigmoid())
    return model, adam(model), squeezed(nn.MSELoss()), *data.loaders(data.friedman(), 32)


def _places_by_tanh() -> Any:
    """Places in pixels from a tangent."""
    model = nn.Sequential(nn.Flatten(), perceptron(144, 48, 2), nn.Tanh())
    split = data.Split(*((part[0], 12 * part[2]) for part in data.shapes().both))
    return model, adam(model), nn.SmoothL1Loss(), *data.loaders(split, 32)


def _places_in_pixels() -> Any:
    model = nn.Sequential(nn.Flatten(), perceptron(144, 48, 2))
    split = data.Split(*((part[0], 12 * part[2]) for part in data.shapes().both))
    return model, adam(model, 1e-2), nn.SmoothL1Loss(), *data.loaders(split, 32)


def _judge_away(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    outputs = model(batch[0])
    return loss_fn(outputs, batch[1]), (outputs - batch[1]).abs().mean(), len(outputs)


class _Column(nn.Module):
    """The forecast as a column."""

    def __init__(self) -> None:
        super().__init__()
        self.body = healthy_tags.Forecast()

    def forward(self, wave: Tensor) -> Any:
        return self.body(wave).unsqueeze(1)


def _column_against_row() -> Any:
    """(b, 1) against (b,), written out, so that nobody warns."""
    model = _Column()
    return model, adam(model, 1e-2), lambda o, y: ((o - y) ** 2).mean(), *data.loaders(data.series(), 64)


def _judge_column(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    outputs = model(batch[0])
    return loss_fn(outputs, batch[1]), (outputs.squeeze(1) - batch[1]).abs().mean(), len(outputs)


def _weights_against_column(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    x, y, weight = batch
    losses = F.binary_cross_entropy_with_logits(model(x), y[:, None].expand(-1, 1), reduction="none")
    return (losses * weight).sum() / weight.sum() / len(y)


class _AcrossRows(healthy_sequences.Pooled):
    """Attention that is shared out over the examples instead of the words."""

    def forward(self, tokens: Tensor, mask: Tensor) -> Any:
        state = self.drop(self.embedding(tokens))
        weights = self.score(state).masked_fill(~mask.unsqueeze(-1), -1e4).softmax(0)
        return self.out((weights * state).sum(1))


def _attention_over_rows() -> Any:
    train, valid = ((x, x != 0, y) for x, y in healthy_sequences.documents().both)
    model = _AcrossRows()
    loaders = data.dict_loaders(data.Split(train, valid), "input_ids", "attention_mask", "label", batch=32)
    return model, torch.optim.AdamW(model.parameters(), lr=1e-2), nn.CrossEntropyLoss(), *loaders


def _words_normalised() -> Any:
    """Log-probabilities over places instead of words."""
    model = _Places()
    return model, adam(model, 1e-2), nn.NLLLoss(), *data.loaders(data.sentences(), 32)


class _Places(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = healthy_making.Reader()

    def forward(self, tokens: Tensor) -> Any:
        return F.log_softmax(self.body(tokens), dim=1)


def _share_of_one() -> Any:
    """A softmax over a single unit is one, whatever it is given."""
    model = nn.Sequential(perceptron(2, 24, 24, 1), nn.Softmax(dim=1))
    train, valid = ((x, y.float()) for x, y in data.moons().both)
    return model, adam(model, 1e-2), squeezed(nn.BCELoss()), *data.loaders(data.Split(train, valid), 32)


SGD = well("digits by sgd", _unrectified_logits, epochs=8, reaches=0.85, **CLASSES10)


PIXELS = well(
    "places in pixels",
    _places_in_pixels,
    epochs=12,
    reaches=1.0,
    task="regression",
    step=plain_step,
    validate=validating(_judge_away),
    higher_is_better=False,
)

OUTPUT_FAULTS: tuple[Faulty, ...] = (
    fault(
        "tagger softmax twice",
        TAGGER,
        "double_softmax",
        build=_softmax_twice,
        breaks="the loss cannot fall below that of a softmax of 0 and 1",
    ),
    fault(
        "softmax in a dict step",
        named("words attention pooling"),
        "double_softmax",
        step=stepping(_softmax_in_dict),
        breaks="the loss cannot fall below that of a softmax of 0 and 1",
    ),
    fault(
        "topics sigmoid twice",
        TOPICS,
        "double_sigmoid",
        costs=0.03,
        build=_sigmoid_twice,
        validate=validating(_judge_labels),
    ),
    fault(
        "words logits as logarithms",
        named("words masked mean"),
        "nll_without_log_softmax",
        build=_logits_as_logarithms,
        breaks="the loss has no floor",
    ),
    fault(
        "wave rectified",
        named("waves gru"),
        "relu_on_output",
        "output_range_mismatch",
        costs=0.1,
        build=_rectified_wave,
    ),
    fault("logits rectified", SGD, "relu_on_output", costs=0.05, build=_rectified_logits),
    fault("amount squashed", named("friedman mse"), "output_range_mismatch", costs=0.2, build=_squashed_amount),
    fault("pixels by tangent", PIXELS, "output_range_mismatch", costs=0.5, build=_places_by_tanh),
    fault(
        "wave column against row",
        named("waves gru"),
        "broadcast_shape_mismatch",
        costs=0.2,
        build=_column_against_row,
        validate=validating(_judge_column),
    ),
    fault(
        "weights against a column",
        named("cancer sample weights"),
        "broadcast_shape_mismatch",
        step=stepping(_weights_against_column),
        breaks="a row's weight meets every other row's loss",
    ),
    fault(
        "attention over rows",
        named("words attention pooling"),
        "wrong_softmax_dim",
        "batch_dim_mixing",
        build=_attention_over_rows,
        breaks="an example's answer depends on the others",
    ),
    fault(
        "words normalised over places",
        named("language lstm clipped"),
        "wrong_softmax_dim",
        costs=0.0,
        build=_words_normalised,
        breaks="a place's answer depends on the later ones",
    ),
    fault("share of one", named("moons sigmoid bce"), "softmax_single_unit", costs=0.3, build=_share_of_one),
)
