"""Healthy programs over sequences: words with masks and lengths, tags, spans, waves; losses inside of models."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader

from kilter.testing.programs import data
from kilter.testing.programs.entries import Training, well
from kilter.testing.programs.networks import Encoder, MaskedMean, Packed
from kilter.testing.programs.steps import accuracy, plain_step, stepping, validating

if TYPE_CHECKING:
    from torch import Tensor

ABOUT: dict[str, Any] = {"task": "classification", "classes": 2, "pad": 0}


def adam(model: nn.Module, rate: float = 1e-2) -> torch.optim.Optimizer:
    """Adam at this rate."""
    return torch.optim.Adam(model.parameters(), lr=rate)


def documents(longest: int = 16) -> data.Split:
    """Tokens and label, without the lengths."""
    train, valid = data.documents(longest=longest).both
    return data.Split((train[0], train[2]), (valid[0], valid[2]))


def masked_mean() -> Any:
    """Embeddings averaged over what is there."""
    model = MaskedMean(2)
    return model, adam(model), nn.CrossEntropyLoss(), *data.loaders(documents(), 32)


def heavy_padding() -> Any:
    """Nine of ten places are padding, and rightly left out."""
    model = MaskedMean(2)
    return model, adam(model), nn.CrossEntropyLoss(), *data.loaders(documents(90), 32)


def transformer(*, first: bool = True) -> Any:
    """A transformer with a padding mask."""
    model = Encoder(2, first=first)
    return model, adam(model, 5e-3), nn.CrossEntropyLoss(), *data.loaders(documents(), 32)


def transformer_post_norm() -> Any:
    """The same with norms after the branches, and a gentler rate."""
    return transformer(first=False)


class Windows(nn.Module):
    """Convolutions over windows of words and the strongest answer of each (Kim 2014); padding answers nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(20, 12, padding_idx=0)
        self.conv = nn.Conv1d(12, 24, 3, padding=1)
        self.out = nn.Linear(24, 2)

    def forward(self, tokens: Tensor) -> Any:
        state = self.conv(self.embedding(tokens).transpose(1, 2)).relu()
        mask = (tokens != 0).unsqueeze(1)
        return self.out((state * mask).sum(2) / mask.sum(2))


def windows() -> Any:
    """Channels in the second dimension, words in the third."""
    model = Windows()
    return model, adam(model), nn.CrossEntropyLoss(), *data.loaders(documents(), 32)


class Pooled(nn.Module):
    """Words weighed by attention, padding with nothing; dropout on words."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(20, 16)
        self.score = nn.Linear(16, 1)
        self.drop = nn.Dropout1d(0.1)
        self.out = nn.Linear(16, 2)

    def forward(self, tokens: Tensor, mask: Tensor) -> Any:
        state = self.drop(self.embedding(tokens))
        weights = self.score(state).masked_fill(~mask.unsqueeze(-1), float("-inf")).softmax(1)
        return self.out((weights * state).sum(1))


def attention_pooling() -> Any:
    """Dict batches of words, mask and label."""
    train, valid = ((x, x != 0, y) for x, y in documents().both)
    model = Pooled()
    loaders = data.dict_loaders(data.Split(train, valid), "input_ids", "attention_mask", "label", batch=32)
    return model, torch.optim.AdamW(model.parameters(), lr=1e-2), nn.CrossEntropyLoss(), *loaders


def _pooled_loss(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    return loss_fn(model(batch["input_ids"], mask=batch["attention_mask"]), batch["label"])


def _judge_pooled(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    outputs, y = model(batch["input_ids"], mask=batch["attention_mask"]), batch["label"]
    return loss_fn(outputs, y), (outputs.argmax(-1) == y).float().mean(), len(y)


def packed() -> Any:
    """Batches (tokens, lengths, label); the network reads packed sequences."""
    model = Packed(2)
    return model, adam(model), nn.CrossEntropyLoss(), *data.loaders(data.documents(rows=600), 64)


def _packed_loss(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    tokens, lengths, y = batch
    return loss_fn(model(tokens, lengths), y)


def _judge_packed(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    tokens, lengths, y = batch
    outputs = model(tokens, lengths)
    return loss_fn(outputs, y), (outputs.argmax(-1) == y).float().mean(), len(y)


def gathered_bags() -> Any:
    """Words of all documents in one tensor and where each begins, as an embedding bag takes them."""
    model = Bags()
    train, valid = data.documents().both

    def collate(rows: list[int], part: tuple[Tensor, ...]) -> tuple[Tensor, Tensor, Tensor]:
        tokens, lengths, y = (column[rows] for column in part)
        words = torch.cat([row[:length] for row, length in zip(tokens, lengths.tolist(), strict=True)])
        return words, torch.cat([torch.zeros(1, dtype=torch.long), lengths.cumsum(0)[:-1]]), y

    def loader(part: tuple[Tensor, ...], *, shuffle: bool) -> Any:
        rows: Any = range(len(part[0]))
        return DataLoader(rows, 32, shuffle=shuffle, collate_fn=lambda chosen: collate(chosen, part))

    return model, adam(model, 2e-2), nn.CrossEntropyLoss(), loader(train, shuffle=True), loader(valid, shuffle=False)


class Bags(nn.Module):
    """The mean of a document's embeddings, and a line."""

    def __init__(self) -> None:
        super().__init__()
        self.bag = nn.EmbeddingBag(20, 8, mode="mean")
        self.out = nn.Linear(8, 2)

    def forward(self, words: Tensor, starts: Tensor) -> Any:
        return self.out(self.bag(words, starts))


@dataclass
class Answer:
    """What a model with its loss inside gives."""

    logits: Any
    loss: Any = None


class LossInside(nn.Module):
    """Called with labels, it gives its loss, too."""

    def __init__(self) -> None:
        super().__init__()
        self.body = MaskedMean(2)

    def forward(self, input_ids: Tensor, labels: Tensor | None = None) -> Answer:
        logits = self.body(input_ids)
        return Answer(logits, None if labels is None else F.cross_entropy(logits, labels))


def loss_inside() -> Any:
    """Dict batches go into the model as they are; a data class with its loss comes back."""
    model = LossInside()
    loaders = data.dict_loaders(documents(), "input_ids", "labels", batch=32)
    return model, torch.optim.AdamW(model.parameters(), lr=1e-2), None, *loaders


def _inside_loss(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    return model(**batch).loss


def _judge_inside(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    answer = model(**batch)
    return answer.loss, (answer.logits.argmax(-1) == batch["labels"]).float().mean(), len(batch["labels"])


class Mapped(LossInside):
    """The same, its answer a dict."""

    def forward(self, input_ids: Tensor, labels: Tensor | None = None) -> Any:
        answer = super().forward(input_ids, labels)
        return {"loss": answer.loss, "logits": answer.logits}


def loss_in_dict() -> Any:
    """The model's answer is a dict with its loss."""
    model = Mapped()
    loaders = data.dict_loaders(documents(), "input_ids", "labels", batch=32)
    return model, adam(model), None, *loaders


def _dict_loss(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    return model(batch["input_ids"], labels=batch["labels"])["loss"]


def _judge_dict(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    answer = model(batch["input_ids"], labels=batch["labels"])
    return answer["loss"], (answer["logits"].argmax(-1) == batch["labels"]).float().mean(), len(batch["labels"])


class Both(nn.Module):
    """Words and numbers together."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.numbers = MaskedMean(16), nn.Linear(3, 16)
        self.out = nn.Linear(32, 2)

    def forward(self, words: Tensor, numbers: Tensor) -> Any:
        return self.out(torch.cat([self.words(words), self.numbers(numbers)], 1).relu())


def words_and_numbers() -> Any:
    """The label needs both: whether small words prevail, turned about where the first number is negative."""
    parts = []
    for x, y in documents().both:
        numbers = torch.randn(len(y), 3, generator=torch.Generator().manual_seed(len(y)))
        parts.append((x, numbers, (y + (numbers[:, 0] > 0.8)).clamp(max=1)))
    model = Both()
    loaders = data.dict_loaders(data.Split(*parts), "words", "numbers", "target", batch=32)
    return model, adam(model, 5e-3), nn.CrossEntropyLoss(), *loaders


def _both_loss(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    return loss_fn(model(batch["words"], batch["numbers"]), batch["target"])


def _judge_both(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    outputs, y = model(batch["words"], batch["numbers"]), batch["target"]
    return loss_fn(outputs, y), (outputs.argmax(-1) == y).float().mean(), len(y)


class ByLength:
    """Batches of like length, cut to the longest of them, in a random order; made anew each epoch."""

    def __init__(self, part: tuple[Tensor, ...], batch: int) -> None:
        self.part, self.batch = part, batch

    def __len__(self) -> int:
        return (len(self.part[0]) + self.batch - 1) // self.batch

    def __iter__(self) -> Any:
        tokens, lengths, y = self.part
        order = torch.split((lengths + 4 * torch.rand(len(lengths))).argsort(), self.batch)
        for at in torch.randperm(len(order)).tolist():
            rows = order[at]
            yield {"tokens": tokens[rows, : int(lengths[rows].max())], "y": y[rows]}


def by_length() -> Any:
    """Batches differ in width; the loader is a class of the person's own."""
    train, valid = data.documents().both
    model = MaskedMean(2)
    loaders: tuple[Iterable[Any], Iterable[Any]] = ByLength(train, 32), ByLength(valid, 128)
    return model, adam(model), nn.CrossEntropyLoss(), *loaders


def _length_loss(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    return loss_fn(model(batch["tokens"]), batch["y"])


def _judge_length(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    outputs = model(batch["tokens"])
    return loss_fn(outputs, batch["y"]), (outputs.argmax(-1) == batch["y"]).float().mean(), len(outputs)


SEQUENCES: tuple[Training, ...] = (
    well("words masked mean", masked_mean, epochs=8, reaches=0.9, step=plain_step, validate=accuracy, **ABOUT),
    well("words heavy padding", heavy_padding, epochs=8, reaches=0.9, step=plain_step, validate=accuracy, **ABOUT),
    well(
        "words transformer pre-norm", transformer, epochs=5, reaches=0.85, step=plain_step, validate=accuracy, **ABOUT
    ),
    well(
        "words transformer post-norm",
        transformer_post_norm,
        epochs=5,
        reaches=0.85,
        step=plain_step,
        validate=accuracy,
        **ABOUT,
    ),
    well("words convolutions", windows, epochs=6, reaches=0.9, step=plain_step, validate=accuracy, **ABOUT),
    well(
        "words attention pooling",
        attention_pooling,
        epochs=6,
        reaches=0.9,
        step=stepping(_pooled_loss),
        validate=validating(_judge_pooled),
        **ABOUT,
    ),
    well(
        "words packed gru",
        packed,
        epochs=8,
        reaches=0.85,
        step=stepping(_packed_loss),
        validate=validating(_judge_packed),
        **ABOUT,
    ),
    well(
        "words embedding bag",
        gathered_bags,
        epochs=8,
        reaches=0.9,
        step=stepping(_packed_loss),
        validate=validating(_judge_packed),
        task="classification",
        classes=2,
    ),
    well(
        "words loss inside",
        loss_inside,
        epochs=8,
        reaches=0.9,
        step=stepping(_inside_loss),
        validate=validating(_judge_inside),
        **ABOUT,
    ),
    well(
        "words loss in a dict",
        loss_in_dict,
        epochs=8,
        reaches=0.9,
        step=stepping(_dict_loss),
        validate=validating(_judge_dict),
        **ABOUT,
    ),
    well(
        "words and numbers",
        words_and_numbers,
        epochs=10,
        reaches=0.85,
        step=stepping(_both_loss),
        validate=validating(_judge_both),
        **ABOUT,
    ),
    well(
        "words by length",
        by_length,
        epochs=8,
        reaches=0.9,
        step=stepping(_length_loss),
        validate=validating(_judge_length),
        **ABOUT,
    ),
)
