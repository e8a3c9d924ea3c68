"""Healthy programs that make something: language, translation, pictures, distributions; likelihoods and opponents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import nn

from kilter.testing.programs import data
from kilter.testing.programs.entries import Training, well
from kilter.testing.programs.networks import Causal, Encoder
from kilter.testing.programs.steps import stepping, validating

if TYPE_CHECKING:
    from torch import Tensor

WORDS: dict[str, Any] = {"task": "generation", "classes": 13, "higher_is_better": True}


def adam(model: nn.Module, rate: float = 5e-3) -> torch.optim.Optimizer:
    """Adam at this rate."""
    return torch.optim.Adam(model.parameters(), lr=rate)


def causal_transformer() -> Any:
    """Each word from those before; output weights are the embeddings."""
    model = Causal()
    return (
        model,
        torch.optim.AdamW(model.parameters(), lr=1e-2),
        nn.CrossEntropyLoss(),
        *data.loaders(data.sentences(), 32),
    )


def next_word_loss(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    """Of sentences (b, s): places 0..s-2 tell those of 1..s-1."""
    (tokens,) = batch
    return loss_fn(model(tokens[:, :-1]).flatten(0, 1), tokens[:, 1:].flatten())


def judge_words(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    """Loss and share of right next words."""
    (tokens,) = batch
    outputs, target = model(tokens[:, :-1]), tokens[:, 1:]
    return loss_fn(outputs.flatten(0, 1), target.flatten()), (outputs.argmax(-1) == target).float().mean(), len(tokens)


class Reader(nn.Module):
    """A recurrent language model."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(13, 16)
        self.rnn = nn.LSTM(16, 32, batch_first=True)
        self.out = nn.Linear(32, 13)

    def forward(self, tokens: Tensor) -> Any:
        return self.out(self.rnn(self.embedding(tokens))[0])


def recurrent_language() -> Any:
    """Classes in the second dimension for the loss; clipped."""
    model = Reader()
    return model, adam(model, 1e-2), nn.CrossEntropyLoss(), *data.loaders(data.sentences(), 32)


def _second_dimension(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    (tokens,) = batch
    return loss_fn(model(tokens[:, :-1]).transpose(1, 2), tokens[:, 1:])


def shifted_inside() -> Any:
    """Labels are the inputs; the model moves them by one itself, as many libraries' do."""
    model = ShiftInside()
    train, valid = ((tokens, tokens.clone()) for (tokens,) in data.sentences().both)
    loaders = data.dict_loaders(data.Split(train, valid), "input_ids", "labels", batch=32)
    return model, adam(model), None, *loaders


class ShiftInside(nn.Module):
    """A language model that takes labels and gives its loss in a dict."""

    def __init__(self) -> None:
        super().__init__()
        self.body = Causal(tied=False)

    def forward(self, input_ids: Tensor, labels: Tensor | None = None) -> dict[str, Any]:
        logits = self.body(input_ids)
        if labels is None:
            return {"logits": logits}
        loss = F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), ignore_index=data.IGNORED)
        return {"loss": loss, "logits": logits}


def _inside_loss(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    return model(**batch)["loss"]


def _judge_inside(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    answer, target = model(**batch), batch["labels"][:, 1:]
    return answer["loss"], (answer["logits"][:, :-1].argmax(-1) == target).float().mean(), len(target)


class Translator(nn.Module):
    """A transformer from source to target with masks for padding and for the future."""

    def __init__(self) -> None:
        super().__init__()
        self.source, self.target = nn.Embedding(12, 24), nn.Embedding(12, 24)
        self.places = nn.Parameter(0.3 * torch.randn(1, 10, 24))
        layer = nn.TransformerEncoderLayer(24, 2, 48, 0.0, batch_first=True, norm_first=True)
        encoder = nn.TransformerEncoder(layer, 1, nn.LayerNorm(24), enable_nested_tensor=False)
        self.body = nn.Transformer(24, 2, 1, 1, 48, 0.0, custom_encoder=encoder, batch_first=True, norm_first=True)
        self.out = nn.Linear(24, 12)

    def forward(self, source: Tensor, target: Tensor) -> Any:
        length = target.shape[1]
        padding = source == 0
        state = self.body(
            self.source(source) + self.places[:, : source.shape[1]],
            self.target(target) + self.places[:, :length],
            tgt_mask=torch.ones(length, length, dtype=torch.bool).triu(1),
            src_key_padding_mask=padding,
            memory_key_padding_mask=padding,
            tgt_key_padding_mask=target == 0,
        )
        return self.out(state)


def translation() -> Any:
    """Encoder and decoder; padding is ignored by the loss."""
    model = Translator()
    return model, adam(model), nn.CrossEntropyLoss(ignore_index=0), *data.loaders(data.translations(), 64)


def translation_loss(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    """The decoder is given the right words so far."""
    source, target = batch
    return loss_fn(model(source, target[:, :-1]).flatten(0, 1), target[:, 1:].flatten())


def judge_translation(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    """Loss and share of right words where there are any."""
    source, target = batch
    found, wanted = model(source, target[:, :-1]), target[:, 1:]
    right = (found.argmax(-1) == wanted)[wanted != 0].float().mean()
    return loss_fn(found.flatten(0, 1), wanted.flatten()), right, int((wanted != 0).sum())


class Retelling(nn.Module):
    """Two recurrent networks, the second begun with what the first remembers and looking back at its states."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(12, 24, padding_idx=0)
        self.encoder = nn.GRU(24, 24, batch_first=True)
        self.decoder = nn.GRU(24, 24, batch_first=True)
        self.out = nn.Linear(48, 12)

    def forward(self, source: Tensor, target: Tensor) -> Any:
        memory, _ = self.encoder(self.embedding(source))
        last = (source != 0).sum(1) - 1
        begun = memory[torch.arange(len(source)), last].unsqueeze(0)
        states, _ = self.decoder(self.embedding(target), begun)
        scores = (states @ memory.transpose(1, 2)).masked_fill((source == 0).unsqueeze(1), float("-inf"))
        return self.out(torch.cat([states, scores.softmax(-1) @ memory], -1))


def retelling() -> Any:
    """Teacher forcing with attention over the source."""
    model = Retelling()
    return model, adam(model, 1e-2), nn.CrossEntropyLoss(ignore_index=0), *data.loaders(data.translations(), 64)


class Filler(nn.Module):
    """A transformer that sees both sides."""

    def __init__(self) -> None:
        super().__init__()
        self.body = Encoder(14, words=14, spread=0.5)

    def forward(self, tokens: Tensor) -> Any:
        return self.body.out(self.body.states(tokens))


def masked_words() -> Any:
    """One word in seven is hidden and told from the others; which, is drawn anew for each batch."""
    model = Filler()
    return (
        model,
        adam(model, 1e-2),
        nn.CrossEntropyLoss(ignore_index=data.IGNORED),
        *data.loaders(data.sentences(600), 32),
    )


def _hidden(tokens: Tensor) -> tuple[Tensor, Tensor]:
    hide = torch.rand(tokens.shape) < 1 / 7
    hide[:, 5] = True
    return tokens.masked_fill(hide, 13), tokens.masked_fill(~hide, data.IGNORED)


def _masked_loss(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    given, wanted = _hidden(batch[0])
    return loss_fn(model(given).flatten(0, 1), wanted.flatten())


def _judge_masked(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    (tokens,) = batch
    wanted = torch.full_like(tokens, data.IGNORED)
    wanted[:, 5] = tokens[:, 5]
    found = model(tokens.masked_fill(wanted != data.IGNORED, 13))
    return (
        loss_fn(found.flatten(0, 1), wanted.flatten()),
        (found[:, 5].argmax(-1) == tokens[:, 5]).float().mean(),
        len(tokens),
    )


MAKING: tuple[Training, ...] = (
    well(
        "language causal transformer tied",
        causal_transformer,
        epochs=6,
        reaches=0.75,
        causal=True,
        step=stepping(next_word_loss),
        validate=validating(judge_words),
        **WORDS,
    ),
    well(
        "language lstm clipped",
        recurrent_language,
        epochs=6,
        reaches=0.75,
        step=stepping(_second_dimension, clip=1.0),
        validate=validating(judge_words),
        **WORDS,
    ),
    well(
        "language shifted inside",
        shifted_inside,
        epochs=6,
        reaches=0.75,
        step=stepping(_inside_loss),
        validate=validating(_judge_inside),
        **WORDS,
    ),
    well(
        "translation transformer",
        translation,
        epochs=12,
        reaches=0.8,
        pad=0,
        step=stepping(translation_loss),
        validate=validating(judge_translation),
        **WORDS,
    ),
    well(
        "translation recurrent attention",
        retelling,
        epochs=12,
        reaches=0.8,
        pad=0,
        step=stepping(translation_loss, clip=1.0),
        validate=validating(judge_translation),
        **WORDS,
    ),
    well(
        "masked words",
        masked_words,
        epochs=10,
        reaches=0.6,
        task="other",
        step=stepping(_masked_loss),
        validate=validating(_judge_masked),
    ),
)
