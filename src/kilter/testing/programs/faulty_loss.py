"""Faulty programs: outputs and losses that do not fit each other, or what is to be learnt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import nn

from kilter.testing.programs import data, healthy_making, healthy_pairs, healthy_sequences, healthy_tables
from kilter.testing.programs.entries import Faulty, fault, well
from kilter.testing.programs.healthy import named
from kilter.testing.programs.networks import MaskedMean, Tagger, perceptron
from kilter.testing.programs.steps import CLASSES10, plain_step, squeezed, stepping, validating

if TYPE_CHECKING:
    from torch import Tensor


def _adam(model: nn.Module, rate: float = 5e-3) -> torch.optim.Optimizer:
    return torch.optim.Adam(model.parameters(), lr=rate)


class _Likely(nn.Module):
    """Tags' probabilities instead of their logits."""

    def __init__(self) -> None:
        super().__init__()
        self.body = Tagger(4)

    def forward(self, tokens: Tensor, lengths: Tensor) -> Any:
        return self.body(tokens, lengths).softmax(-1)


def _softmax_twice() -> Any:
    model = _Likely()
    return model, _adam(model, 1e-2), nn.CrossEntropyLoss(ignore_index=data.IGNORED), *data.loaders(data.tagged(), 32)


def _softmax_in_dict(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    outputs = model(batch["input_ids"], mask=batch["attention_mask"])
    return loss_fn(F.softmax(outputs, dim=-1), batch["label"])


def _sigmoid_twice() -> Any:
    model = nn.Sequential(perceptron(20, 48, 5), nn.Sigmoid())
    return model, _adam(model), nn.BCEWithLogitsLoss(), *data.loaders(healthy_tables.standard_topics())


def _judge_labels(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    x, y = batch
    outputs = model(x)
    found = (outputs > 0.5).float()
    return loss_fn(outputs, y), 2 * (found * y).sum() / (found + y).sum().clamp(min=1), len(y)


def _digit_as_amount() -> Any:
    """The class's number is regressed and rounded."""
    model = perceptron(64, 64, 64, 1)
    return model, _adam(model), squeezed(lambda outputs, y: F.mse_loss(outputs, y.float())), *data.loaders(data.digits())


def _judge_rounded(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    x, y = batch
    outputs = model(x).squeeze(1)
    return loss_fn(outputs, y), (outputs.round() == y).float().mean(), len(y)


def _labels_by_class_loss() -> Any:
    """Several labels a row, by a loss for one."""
    model = perceptron(20, 48, 5)
    return model, _adam(model), lambda o, y: F.cross_entropy(o, y.argmax(-1)), *data.loaders(healthy_tables.standard_topics())


def _logits_as_logarithms() -> Any:
    model = MaskedMean(2)
    return model, _adam(model, 1e-2), nn.NLLLoss(), *data.loaders(healthy_sequences.documents(), 32)


def _ascending() -> Any:
    """A likelihood where its negative was meant."""
    model = healthy_tables.Spread(10)

    def loss_fn(outputs: tuple[Tensor, Tensor], y: Tensor) -> Tensor:
        mean, spread = outputs
        return (-((y - mean) ** 2) * (-spread).exp() / 2 - spread / 2).mean()

    return model, torch.optim.SGD(model.parameters(), lr=1e-3), loss_fn, *data.loaders(data.friedman(), 32)


def _pairs_reversed() -> Any:
    """Like pairs are pushed apart, unlike ones drawn together."""
    model = perceptron(64, 48, 8)

    def loss_fn(distance: Tensor, same: Tensor) -> Tensor:
        return ((1 - same) * distance**2 + same * (1.5 - distance).clamp(min=0) ** 2).mean()

    return model, _adam(model, 3e-3), loss_fn, *healthy_pairs.paired()


def _rectified_wave() -> Any:
    model = nn.Sequential(healthy_sequences.Forecast(), nn.ReLU())
    return model, _adam(model, 1e-2), nn.MSELoss(), *data.loaders(data.series(), 64)


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
    return model, _adam(model), squeezed(nn.MSELoss()), *data.loaders(data.friedman(), 32)


def _places_by_tanh() -> Any:
    """Places in pixels from a tangent."""
    model = nn.Sequential(nn.Flatten(), perceptron(144, 48, 2), nn.Tanh())
    split = data.Split(*((part[0], 12 * part[2]) for part in data.shapes().both))
    return model, _adam(model), nn.SmoothL1Loss(), *data.loaders(split, 32)


def _places_in_pixels() -> Any:
    model = nn.Sequential(nn.Flatten(), perceptron(144, 48, 2))
    split = data.Split(*((part[0], 12 * part[2]) for part in data.shapes().both))
    return model, _adam(model, 1e-2), nn.SmoothL1Loss(), *data.loaders(split, 32)


def _judge_away(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    outputs = model(batch[0])
    return loss_fn(outputs, batch[1]), (outputs - batch[1]).abs().mean(), len(outputs)


class _Column(nn.Module):
    """The forecast as a column."""

    def __init__(self) -> None:
        super().__init__()
        self.body = healthy_sequences.Forecast()

    def forward(self, wave: Tensor) -> Any:
        return self.body(wave).unsqueeze(1)


def _column_against_row() -> Any:
    """(b, 1) against (b,), written out, so that nobody warns."""
    model = _Column()
    return model, _adam(model, 1e-2), lambda o, y: ((o - y) ** 2).mean(), *data.loaders(data.series(), 64)


def _judge_column(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    outputs = model(batch[0])
    return loss_fn(outputs, batch[1]), (outputs.squeeze(1) - batch[1]).abs().mean(), len(outputs)


def _weights_against_column(model: nn.Module, loss_fn: Any, batch: Any) -> Tensor:
    x, y, weight = batch
    losses = F.binary_cross_entropy_with_logits(model(x), y[:, None].expand(-1, 1), reduction="none")
    return (losses * weight).sum() / weight.sum() / len(y)


def _summed() -> Any:
    """Summed over a batch, at a rate for a mean."""
    model = perceptron(64, 64, 10)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    return model, optimizer, nn.CrossEntropyLoss(reduction="sum"), *data.loaders(data.digits())


def _meant() -> Any:
    model = perceptron(64, 64, 10)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    return model, optimizer, nn.CrossEntropyLoss(), *data.loaders(data.digits())


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
    return model, _adam(model, 1e-2), nn.NLLLoss(), *data.loaders(data.sentences(), 32)


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
    return model, _adam(model, 1e-2), squeezed(nn.BCELoss()), *data.loaders(data.Split(train, valid), 32)


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
    return loss_fn(outputs.flatten(0, 1), tags.flatten()), (outputs.argmax(-1) == tags)[there].float().mean(), int(there.sum())


def _first_tag_ignored() -> Any:
    """Padding is tag 0, and so is a real tag."""
    model = Tagger(4)
    train, valid = ((a, b, tags.clamp(min=0)) for a, b, tags in data.tagged().both)
    return model, _adam(model, 1e-2), nn.CrossEntropyLoss(ignore_index=0), *data.loaders(data.Split(train, valid), 32)


def _judge_all_tags(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    tokens, lengths, tags = batch
    outputs, there = model(tokens, lengths), tokens != 0
    return loss_fn(outputs.flatten(0, 1), tags.flatten()), (outputs.argmax(-1) == tags)[there].float().mean(), int(there.sum())


def _signed_topics() -> Any:
    """Labels -1 and 1 for a loss that wants 0 and 1."""
    train, valid = ((x, 2 * y - 1) for x, y in healthy_tables.standard_topics().both)
    model = perceptron(20, 48, 5)
    return model, _adam(model), nn.BCEWithLogitsLoss(), *data.loaders(data.Split(train, valid))


def _same_word(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    """Each place tells its own word."""
    (tokens,) = batch
    return loss_fn(model(tokens).flatten(0, 1), tokens.flatten())


def _shifted_twice() -> Any:
    """The loader moves labels by one, and so does the model."""
    model = healthy_making.ShiftInside()
    train, valid = ((tokens[:, :-1], tokens[:, 1:]) for (tokens,) in data.sentences().both)
    loaders = data.dict_loaders(data.Split(train, valid), "input_ids", "labels", batch=32)
    return model, _adam(model), None, *loaders


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
    model = healthy_making.Variational()

    def loss_fn(outputs: Any, x: Tensor) -> Tensor:
        found, mean, spread = outputs
        told = F.binary_cross_entropy_with_logits(found, x, reduction="none").sum(-1)
        far = -0.5 * (1 + spread - mean**2 - spread.exp()).sum(-1)
        return (told + 100 * far).mean()

    loaders: Any = torch.utils.data.DataLoader(train[0], 64, shuffle=True), torch.utils.data.DataLoader(valid[0], 256)
    return model, _adam(model), loss_fn, *loaders


def _log_of_zero() -> Any:
    """Rates from a rectifier, and their logarithm."""
    model, _, _, train, valid = healthy_tables.counts_poisson()
    model = nn.Sequential(*model, nn.ReLU())
    loss_fn = squeezed(nn.PoissonNLLLoss(log_input=False, eps=0.0))
    return model, _adam(model), loss_fn, train, valid


def _root_of_zero() -> Any:
    """The root of a squared distance has no slope where two rows are the same."""
    model = perceptron(64, 48, 8)

    def loss_fn(distance: Tensor, same: Tensor) -> Tensor:
        return (same * distance**2 + (1 - same) * (1.5 - distance).clamp(min=0) ** 2).mean()

    return model, _adam(model, 3e-3), loss_fn, *healthy_pairs.paired()


def _rooted(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    first, second, same = batch
    second = torch.where((torch.arange(len(same)) % 16 == 0)[:, None] & (same > 0)[:, None], first, second)
    return loss_fn(((model(first) - model(second)) ** 2).sum(1).sqrt(), same)


def _far_start() -> Any:
    """A last bias far from all amounts, which the rate walks to in a thousand steps."""
    model, optimizer, loss_fn, train, valid = healthy_tables.friedman_mse()
    nn.init.constant_(model[-1].bias, 40.0)
    return model, optimizer, loss_fn, train, valid


SGD = well("digits by sgd", _unrectified_logits, epochs=8, reaches=0.85, **CLASSES10)
MEANT = well("digits by momentum", _meant, epochs=5, reaches=0.9, **CLASSES10)
PIXELS = well("places in pixels", _places_in_pixels, epochs=12, reaches=1.0, task="regression", step=plain_step, validate=validating(_judge_away), higher_is_better=False)
LONG = well("tagger long padding", _padding_ignored, epochs=8, reaches=0.8, task="tagging", classes=5, step=stepping(healthy_sequences.tag_loss), validate=validating(_judge_long))
TAGGER = named("tagger lstm both ways")
TOPICS = named("topics bce")

LOSS_FAULTS: tuple[Faulty, ...] = (
    fault("tagger softmax twice", TAGGER, "double_softmax", build=_softmax_twice, breaks="the loss cannot fall below that of a softmax of 0 and 1"),
    fault("softmax in a dict step", named("words attention pooling"), "double_softmax", step=stepping(_softmax_in_dict), breaks="the loss cannot fall below that of a softmax of 0 and 1"),
    fault("topics sigmoid twice", TOPICS, "double_sigmoid", costs=0.03, build=_sigmoid_twice, validate=validating(_judge_labels)),
    fault("digit as an amount", named("digits mlp adam"), "wrong_loss_for_task", costs=0.1, build=_digit_as_amount, validate=validating(_judge_rounded)),
    fault("topics by a loss for one class", TOPICS, "wrong_loss_for_task", costs=0.05, build=_labels_by_class_loss),
    fault("words logits as logarithms", named("words masked mean"), "nll_without_log_softmax", build=_logits_as_logarithms, breaks="the loss has no floor"),
    fault("likelihood descends", named("friedman gaussian likelihood"), "loss_sign_flipped", costs=0.3, build=_ascending),
    fault("pairs reversed", named("siamese contrastive"), "loss_sign_flipped", "labels_out_of_range", costs=0.2, build=_pairs_reversed),
    fault("wave rectified", named("waves gru"), "relu_on_output", "output_range_mismatch", costs=0.1, build=_rectified_wave),
    fault("logits rectified", SGD, "relu_on_output", costs=0.05, build=_rectified_logits),
    fault("amount squashed", named("friedman mse"), "output_range_mismatch", costs=0.2, build=_squashed_amount),
    fault("pixels by tangent", PIXELS, "output_range_mismatch", costs=0.5, build=_places_by_tanh),
    fault("wave column against row", named("waves gru"), "broadcast_shape_mismatch", costs=0.2, build=_column_against_row, validate=validating(_judge_column)),
    fault("weights against a column", named("cancer sample weights"), "broadcast_shape_mismatch", step=stepping(_weights_against_column), breaks="a row's weight meets every other row's loss"),
    fault("loss summed", MEANT, "loss_sum_reduction", "lr_too_high", costs=0.05, build=_summed),
    fault("attention over rows", named("words attention pooling"), "wrong_softmax_dim", "batch_dim_mixing", build=_attention_over_rows, breaks="an example's answer depends on the others"),
    fault("words normalised over places", named("language lstm clipped"), "wrong_softmax_dim", costs=0.0, build=_words_normalised, breaks="a place's answer depends on the later ones"),
    fault("share of one", named("moons sigmoid bce"), "softmax_single_unit", costs=0.3, build=_share_of_one),
    fault("padding counted", LONG, "padding_not_masked_in_loss", costs=0.02, build=_padding_counted),
    fault("first tag ignored", TAGGER, "ignore_index_collision", costs=0.05, build=_first_tag_ignored, validate=validating(_judge_all_tags)),
    fault("topics signed", TOPICS, "labels_out_of_range", build=_signed_topics, breaks="the loss has no floor"),
    fault("each place tells itself", named("language causal transformer tied"), "labels_shifted", "task_trivial", costs=0.3, step=stepping(_same_word)),
    fault("shifted twice", named("language shifted inside"), "labels_shifted", costs=0.3, build=_shifted_twice, validate=validating(_judge_twice)),
    fault("ink above all", named("two heads nested dicts"), "auxiliary_loss_dominates", costs=0.1, step=stepping(_ink_above_all)),
    fault("code above all", named("autoencoder variational"), "auxiliary_loss_dominates", costs=0.1, build=_code_above_all),
    fault("logarithm of zero", named("counts poisson"), "numeric_instability", costs=0.2, build=_log_of_zero),
    fault("root of zero", named("siamese contrastive"), "numeric_instability", costs=0.2, build=_root_of_zero, step=stepping(_rooted)),
    fault("far start", named("friedman mse"), "bad_output_init", costs=0.1, build=_far_start),
)
