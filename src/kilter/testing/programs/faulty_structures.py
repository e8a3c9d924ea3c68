"""Faulty programs: the network lets something through, or leaves something out."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import nn

from kilter.testing.programs import data, healthy_images, healthy_making, healthy_sequences
from kilter.testing.programs.entries import Faulty, fault, well
from kilter.testing.programs.healthy import named
from kilter.testing.programs.networks import Causal, perceptron
from kilter.testing.programs.steps import CLASSES10

if TYPE_CHECKING:
    from torch import Tensor
from kilter.testing.programs.faulty_model import CNN, MLP, POOLED, adam, digits, pictures


def _words(model: nn.Module, rate: float = 1e-2) -> Any:
    return model, adam(model, rate), nn.CrossEntropyLoss(), *data.loaders(healthy_sequences.documents(), 32)


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
    return model, adam(model, 1e-2), nn.CrossEntropyLoss(), *data.loaders(data.pictures(), 96)


def _viewed() -> Any:
    model = _Viewed()
    return model, adam(model, 1e-2), nn.CrossEntropyLoss(), *data.loaders(data.pictures(), 96)


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
    return model, adam(model, 1e-2), nn.CrossEntropyLoss(), *data.loaders(data.documents(rows=600), 64)


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
    return model, adam(model, 1e-2), nn.CrossEntropyLoss(), *data.loaders(data.sentences(), 32)


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
    return model, adam(model), nn.CrossEntropyLoss(ignore_index=0), *data.loaders(data.translations(), 64)


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
    return model, adam(model), loss_fn, train, valid


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
    return model, adam(model), nn.CrossEntropyLoss(ignore_index=0), *data.loaders(data.translations(), 64)


WORDS = named("words masked mean")


LISTED = well("blocks registered", lambda: digits(_Registered()), epochs=8, reaches=0.7, **CLASSES10)

STRUCTURE_FAULTS: tuple[Faulty, ...] = (
    fault("time by a view", named("rows lstm clipped"), "batch_dim_mixing", build=_viewed, breaks="examples are mixed"),
    fault(
        "time first forgotten",
        named("rows lstm clipped"),
        "batch_dim_mixing",
        build=_time_first,
        breaks="an example's answer depends on those before it",
    ),
    fault(
        "centred by the batch",
        MLP,
        "batch_dim_mixing",
        build=lambda: digits(_Centred()),
        breaks="an example's answer depends on the others",
    ),
    fault(
        "state at the last place",
        named("words packed gru"),
        "padding_leak",
        build=_last_place,
        breaks="an answer depends on how much padding follows",
    ),
    fault(
        "mask forgotten",
        POOLED,
        "padding_leak",
        build=_mask_forgotten,
        breaks="an answer depends on how much padding follows",
    ),
    fault(
        "future open",
        named("language causal transformer tied"),
        "future_leak",
        build=_future_open,
        breaks="a place sees the word that it shall tell",
    ),
    fault(
        "language from both sides",
        named("language lstm clipped"),
        "future_leak",
        build=_both_ways,
        breaks="a place sees the word that it shall tell",
    ),
    fault(
        "decoder open",
        named("translation transformer"),
        "future_leak",
        build=_decoder_open,
        breaks="a place sees the word that it shall tell",
    ),
    fault(
        "blocks in a list",
        LISTED,
        "unregistered_module",
        build=lambda: digits(_Listed()),
        breaks="blocks are neither trained nor saved",
    ),
    fault("projection made anew", WORDS, "layer_created_in_forward", costs=0.02, build=lambda: _words(_MadeAnew())),
    fault("convolutions bypassed", CNN, "unused_layer", costs=0.05, build=lambda: pictures(_Bypassed())),
    fault(
        "no longer tied",
        named("language causal transformer tied"),
        "tied_weights_broken",
        "optimizer_missing_group",
        build=_no_longer_tied,
        breaks="the output's weights stay as they were drawn",
    ),
    fault("words ignored", named("words and numbers"), "model_ignores_input", costs=0.05, build=_words_ignored),
    fault("picture ignored", MLP, "model_ignores_input", costs=0.5, build=lambda: digits(_Mean())),
    fault("source unseen", named("translation transformer"), "model_ignores_input", costs=0.3, build=_source_unseen),
)
