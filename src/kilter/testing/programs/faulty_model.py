"""Faulty programs: what is wrong is in the network or how it begins."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import nn

from kilter.testing.programs import data, healthy_images, healthy_making, healthy_sequences
from kilter.testing.programs.entries import Faulty, fault, well
from kilter.testing.programs.healthy import named
from kilter.testing.programs.networks import Causal, Convolutions, perceptron
from kilter.testing.programs.steps import CLASSES10

if TYPE_CHECKING:
    from torch import Tensor


def _adam(model: nn.Module, rate: float = 5e-3) -> torch.optim.Optimizer:
    return torch.optim.Adam(model.parameters(), lr=rate)


def _digits(model: nn.Module) -> Any:
    return model, _adam(model), nn.CrossEntropyLoss(), *data.loaders(data.digits())


def _pictures(model: nn.Module, batch: int = 64) -> Any:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True)
    return model, optimizer, nn.CrossEntropyLoss(), *data.loaders(data.pictures(), batch)


def _words(model: nn.Module, rate: float = 1e-2) -> Any:
    return model, _adam(model, rate), nn.CrossEntropyLoss(), *data.loaders(healthy_sequences.documents(), 32)


def _rectifiers_dead() -> Any:
    """Biases far below zero."""
    model = perceptron(64, 64, 64, 10)
    nn.init.constant_(model[2].bias, -20.0)  # type: ignore[arg-type]
    return _digits(model)


def _tangents_saturated() -> Any:
    layers = [nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 10)]
    model = nn.Sequential(*layers)
    for layer in (model[0], model[2]):
        nn.init.normal_(layer.weight, std=8.0)  # type: ignore[arg-type]
    return _digits(model)


def _deep_sigmoids() -> Any:
    """Ten sigmoids, no shortcut."""
    layers: list[nn.Module] = [nn.Flatten()]
    for given in (64, *[32] * 9):
        layers += [nn.Linear(given, 32), nn.Sigmoid()]
    return _pictures(nn.Sequential(*layers, nn.Linear(32, 10)))


def _deep_unscaled() -> Any:
    """Weights of deviation one, layer upon layer, without normalisation."""
    model = perceptron(64, 64, 64, 64, 64, 10)
    for layer in model:
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    return model, optimizer, nn.CrossEntropyLoss(), *data.loaders(data.digits())


def _deep_scaled() -> Any:
    model = perceptron(64, 64, 64, 64, 64, 10)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    return model, optimizer, nn.CrossEntropyLoss(), *data.loaders(data.digits())


def _all_zero() -> Any:
    """All weights begin at zero."""
    model = Convolutions(norm="none")
    for layer in model:
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.zeros_(layer.weight)
    return model, _adam(model, 6e-3), nn.CrossEntropyLoss(), *data.loaders(data.pictures(), 32)


def _all_alike() -> Any:
    """All weights of a layer are the same number."""
    model = perceptron(64, 64, 64, 10)
    for layer in model:
        if isinstance(layer, nn.Linear):
            nn.init.constant_(layer.weight, 0.02)
    return _digits(model)


def _no_rectifier() -> Any:
    """Lines upon lines."""
    model = nn.Sequential(nn.Linear(2, 24), nn.Linear(24, 24), nn.Linear(24, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    return model, optimizer, nn.CrossEntropyLoss(), *data.loaders(data.circles(), 32)


class _Viewed(healthy_images.RowReader):
    """Time is brought to the front by a view, which mixes examples."""

    def forward(self, x: Tensor) -> Any:
        rows = x.squeeze(1).reshape(8, len(x), 8)
        states, _ = self.rnn(rows.transpose(0, 1))
        return self.out(states[:, -1])


class _ReaderTimeFirst(nn.Module):
    """`batch_first` was forgotten."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.LSTM(8, 32)
        self.out = nn.Linear(32, 10)

    def forward(self, x: Tensor) -> Any:
        return self.out(self.rnn(x.squeeze(1))[0][:, -1])


class _Centred(nn.Module):
    """Features are centred by the mean of the batch, in evaluation, too."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.out = nn.Linear(64, 48), nn.Linear(48, 10)

    def forward(self, x: Tensor) -> Any:
        state = self.body(x)
        state = (state - state.mean(0)) / (state.std(0, correction=0) + 1e-5)
        return self.out(state.relu())


def _time_first() -> Any:
    model = _ReaderTimeFirst()
    return model, _adam(model, 1e-2), nn.CrossEntropyLoss(), *data.loaders(data.pictures(), 96)


def _viewed() -> Any:
    model = _Viewed()
    return model, _adam(model, 1e-2), nn.CrossEntropyLoss(), *data.loaders(data.pictures(), 96)


class _LastPlace(nn.Module):
    """The state at the last place, which is padding for most."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(20, 12)
        self.rnn = nn.GRU(12, 24, batch_first=True)
        self.out = nn.Linear(24, 2)

    def forward(self, tokens: Tensor, lengths: Tensor) -> Any:
        return self.out(self.rnn(self.embedding(tokens))[0][:, -1])


def _last_place() -> Any:
    model = _LastPlace()
    return model, _adam(model, 1e-2), nn.CrossEntropyLoss(), *data.loaders(data.documents(rows=600), 64)


class _Everything(healthy_sequences.Pooled):
    """The mask is taken, and forgotten."""

    def forward(self, tokens: Tensor, mask: Tensor) -> Any:
        state = self.embedding(tokens)
        return self.out((self.score(state).softmax(1) * state).sum(1))


def _mask_forgotten() -> Any:
    train, valid = ((x, x != 0, y) for x, y in healthy_sequences.documents(40).both)
    model = _Everything()
    loaders = data.dict_loaders(data.Split(train, valid), "input_ids", "attention_mask", "label", batch=32)
    return model, torch.optim.AdamW(model.parameters(), lr=1e-2), nn.CrossEntropyLoss(), *loaders


class _Unmasked(Causal):
    """The mask of the future is not handed on."""

    def forward(self, tokens: Tensor) -> Any:
        state = self.embedding(tokens) + self.places(torch.arange(tokens.shape[1]))
        return self.out(self.layers(state))


def _future_open() -> Any:
    model = _Unmasked()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    return model, optimizer, nn.CrossEntropyLoss(), *data.loaders(data.sentences(), 32)


class _BothWays(healthy_making.Reader):
    """A language model that reads from both sides."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.LSTM(16, 16, batch_first=True, bidirectional=True)


def _both_ways() -> Any:
    model = _BothWays()
    return model, _adam(model, 1e-2), nn.CrossEntropyLoss(), *data.loaders(data.sentences(), 32)


class _Decoding(healthy_making.Translator):
    """The decoder sees the words that it shall tell."""

    def forward(self, source: Tensor, target: Tensor) -> Any:
        padding = source == 0
        state = self.body(
            self.source(source) + self.places[:, : source.shape[1]],
            self.target(target) + self.places[:, : target.shape[1]],
            src_key_padding_mask=padding,
            memory_key_padding_mask=padding,
            tgt_key_padding_mask=target == 0,
        )
        return self.out(state)


def _decoder_open() -> Any:
    model = _Decoding()
    return model, _adam(model), nn.CrossEntropyLoss(ignore_index=0), *data.loaders(data.translations(), 64)


class _Listed(nn.Module):
    """Experts in a plain list."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(64, 12)
        self.blocks = [nn.Linear(12, 12) for _ in range(3)]
        self.out = nn.Linear(12, 10)

    def forward(self, x: Tensor) -> Any:
        state = self.first(x).relu()
        for block in self.blocks:
            state = block(state).relu()
        return self.out(state)


class _Registered(_Listed):
    """The same in a list that the module knows."""

    def __init__(self) -> None:
        super().__init__()
        self.known = nn.ModuleList(self.blocks)


class _MadeAnew(nn.Module):
    """A projection that is made in each call."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(20, 16, padding_idx=0)
        self.out = nn.Linear(24, 2)

    def forward(self, tokens: Tensor) -> Any:
        mask = (tokens != 0).unsqueeze(-1)
        state = (self.embedding(tokens) * mask).sum(1) / mask.sum(1)
        projection = nn.Linear(16, 24)
        return self.out(projection(state).relu())


class _Bypassed(nn.Module):
    """The convolutions are there; what goes on is the picture."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 8, 3, padding=1), nn.Conv2d(8, 16, 3, padding=1)
        self.out = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Any:
        state = self.conv1(x).relu()
        state = F.max_pool2d(x, 2)
        return self.out(state.flatten(1))


def _statistics_stale() -> Any:
    """The momentum of another library, in which one means that nothing moves."""
    model = Convolutions()
    for layer in model:
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = 1e-4
    return _pictures(model)


def _two_rows() -> Any:
    """Batches of two under batch normalisation."""
    model = nn.Sequential(nn.Linear(13, 24), nn.BatchNorm1d(24), nn.ReLU(), nn.Linear(24, 3))
    split = data.Split(*(tuple(column[: len(column) // 2 * 2] for column in part) for part in data.wine().both))
    optimizer = torch.optim.RMSprop(model.parameters(), lr=2e-3)
    return model, optimizer, nn.CrossEntropyLoss(), *data.loaders(split, 2)


class _Sharp(healthy_sequences.Pooled):
    """Scores are multiplied so that one word gets everything."""

    def __init__(self) -> None:
        super().__init__()
        nn.init.normal_(self.score.weight, std=30.0)

    def forward(self, tokens: Tensor, mask: Tensor) -> Any:
        state = self.drop(self.embedding(tokens))
        weights = (20 * self.score(state)).masked_fill(~mask.unsqueeze(-1), float("-inf")).softmax(1)
        return self.out((weights * state).sum(1))


def _one_word_wins() -> Any:
    train, valid = ((x, x != 0, y) for x, y in healthy_sequences.documents().both)
    model = _Sharp()
    loaders = data.dict_loaders(data.Split(train, valid), "input_ids", "attention_mask", "label", batch=32)
    return model, torch.optim.AdamW(model.parameters(), lr=1e-2), nn.CrossEntropyLoss(), *loaders


def _no_longer_tied() -> Any:
    """Output weights were tied, then copied with the model's parts."""
    model = Causal()
    model.out = copy.deepcopy(model.out)
    optimizer = torch.optim.AdamW([p for name, p in model.named_parameters() if name != "out.weight"], lr=1e-2)
    return model, optimizer, nn.CrossEntropyLoss(), *data.loaders(data.sentences(), 32)


class _NumbersAlone(healthy_sequences.Both):
    """Words are read and multiplied away."""

    def forward(self, words: Tensor, numbers: Tensor) -> Any:
        state = torch.cat([0 * self.words(words), self.numbers(numbers)], 1)
        return self.out(state.relu())


def _words_ignored() -> Any:
    _, _, loss_fn, train, valid = healthy_sequences.words_and_numbers()
    model = _NumbersAlone()
    return model, _adam(model), loss_fn, train, valid


class _Mean(nn.Module):
    """The picture's mean is all that is seen."""

    def __init__(self) -> None:
        super().__init__()
        self.body = perceptron(64, 48, 10)

    def forward(self, x: Tensor) -> Any:
        return self.body(torch.zeros_like(x) + x.detach().std() * 0)


class _SourceUnseen(healthy_making.Translator):
    """The source's words never reach the decoder."""

    def forward(self, source: Tensor, target: Tensor) -> Any:
        return super().forward(torch.ones_like(source), target)


def _source_unseen() -> Any:
    model = _SourceUnseen()
    return model, _adam(model), nn.CrossEntropyLoss(ignore_index=0), *data.loaders(data.translations(), 64)


MLP = named("digits mlp adam")
CNN = named("cnn batchnorm nesterov")
WORDS = named("words masked mean")
POOLED = named("words attention pooling")
DEEP = well("digits five layers", _deep_scaled, epochs=8, reaches=0.85, **CLASSES10)
LISTED = well("blocks registered", lambda: _digits(_Registered()), epochs=8, reaches=0.7, **CLASSES10)

MODEL_FAULTS: tuple[Faulty, ...] = (
    fault("rectifiers dead", MLP, "dead_relu", costs=0.5, build=_rectifiers_dead),
    fault("tangents saturated", MLP, "saturated_activation", costs=0.05, build=_tangents_saturated),
    fault("ten sigmoids", CNN, "vanishing_gradient", costs=0.5, build=_deep_sigmoids),
    fault("unscaled layers", DEEP, "exploding_gradient", "bad_output_init", "lr_too_high", costs=0.2, build=_deep_unscaled),
    fault("all weights zero", named("cnn without norm"), "constant_init", costs=0.5, build=_all_zero),
    fault("all weights alike", MLP, "constant_init", costs=0.2, build=_all_alike),
    fault("lines upon lines", named("circles tanh momentum"), "missing_activation", costs=0.2, build=_no_rectifier),
    fault("time by a view", named("rows lstm clipped"), "batch_dim_mixing", build=_viewed, breaks="examples are mixed"),
    fault("time first forgotten", named("rows lstm clipped"), "batch_dim_mixing", build=_time_first, breaks="an example's answer depends on those before it"),
    fault("centred by the batch", MLP, "batch_dim_mixing", build=lambda: _digits(_Centred()), breaks="an example's answer depends on the others"),
    fault("state at the last place", named("words packed gru"), "padding_leak", build=_last_place, breaks="an answer depends on how much padding follows"),
    fault("mask forgotten", POOLED, "padding_leak", build=_mask_forgotten, breaks="an answer depends on how much padding follows"),
    fault("future open", named("language causal transformer tied"), "future_leak", build=_future_open, breaks="a place sees the word that it shall tell"),
    fault("language from both sides", named("language lstm clipped"), "future_leak", build=_both_ways, breaks="a place sees the word that it shall tell"),
    fault("decoder open", named("translation transformer"), "future_leak", build=_decoder_open, breaks="a place sees the word that it shall tell"),
    fault("blocks in a list", LISTED, "unregistered_module", build=lambda: _digits(_Listed()), breaks="blocks are neither trained nor saved"),
    fault("projection made anew", WORDS, "layer_created_in_forward", costs=0.02, build=lambda: _words(_MadeAnew())),
    fault("convolutions bypassed", CNN, "unused_layer", costs=0.05, build=lambda: _pictures(_Bypassed())),
    fault("statistics stale", CNN, "bn_stats_stale", costs=0.05, build=_statistics_stale),
    fault("two rows normalised", named("wine batchnorm rmsprop"), "bn_tiny_batch", build=_two_rows, breaks="statistics of two rows"),
    fault("one word wins", POOLED, "attention_collapse", costs=0.02, build=_one_word_wins),
    fault("no longer tied", named("language causal transformer tied"), "tied_weights_broken", "optimizer_missing_group", build=_no_longer_tied, breaks="the output's weights stay as they were drawn"),
    fault("words ignored", named("words and numbers"), "model_ignores_input", costs=0.05, build=_words_ignored),
    fault("picture ignored", MLP, "model_ignores_input", costs=0.5, build=lambda: _digits(_Mean())),
    fault("source unseen", named("translation transformer"), "model_ignores_input", costs=0.3, build=_source_unseen),
)
