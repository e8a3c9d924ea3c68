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
from kilter.testing.programs.networks import Encoder, MaskedMean, Packed, Tagger
from kilter.testing.programs.steps import accuracy, mean_error, plain_step, stepping, validating

if TYPE_CHECKING:
    from torch import Tensor

ABOUT: dict[str, Any] = {"task": "classification", "classes": 2, "pad": 0}
TAGS: dict[str, Any] = {"task": "tagging", "classes": 4, "pad": 0}


def _adam(model: nn.Module, rate: float = 1e-2) -> torch.optim.Optimizer:
    return torch.optim.Adam(model.parameters(), lr=rate)


def documents(longest: int = 16) -> data.Split:
    """Tokens and label, without the lengths."""
    train, valid = data.documents(longest=longest).both
    return data.Split((train[0], train[2]), (valid[0], valid[2]))


def masked_mean() -> Any:
    """Embeddings averaged over what is there."""
    model = MaskedMean(2)
    return model, _adam(model), nn.CrossEntropyLoss(), *data.loaders(documents(), 32)


def heavy_padding() -> Any:
    """Nine of ten places are padding, and rightly left out."""
    model = MaskedMean(2)
    return model, _adam(model), nn.CrossEntropyLoss(), *data.loaders(documents(90), 32)


def transformer(*, first: bool = True) -> Any:
    """A transformer with a padding mask."""
    model = Encoder(2, first=first)
    return model, _adam(model, 5e-3), nn.CrossEntropyLoss(), *data.loaders(documents(), 32)


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
    return model, _adam(model), nn.CrossEntropyLoss(), *data.loaders(documents(), 32)


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
    return model, _adam(model), nn.CrossEntropyLoss(), *data.loaders(data.documents(rows=600), 64)


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

    return model, _adam(model, 2e-2), nn.CrossEntropyLoss(), loader(train, shuffle=True), loader(valid, shuffle=False)


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
    return model, _adam(model), None, *loaders


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
    return model, _adam(model, 5e-3), nn.CrossEntropyLoss(), *loaders


def _both_loss(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    return loss_fn(model(batch["words"], batch["numbers"]), batch["target"])


def _judge_both(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    outputs, y = model(batch["words"], batch["numbers"]), batch["target"]
    return loss_fn(outputs, y), (outputs.argmax(-1) == y).float().mean(), len(y)


def tagger() -> Any:
    """A tag for each word; padding has none."""
    model = Tagger(4)
    return model, _adam(model), nn.CrossEntropyLoss(ignore_index=data.IGNORED), *data.loaders(data.tagged(), 32)


def tag_loss(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    """Words in rows, as cross-entropy takes them."""
    tokens, lengths, tags = batch
    return loss_fn(model(tokens, lengths).flatten(0, 1), tags.flatten())


def _judge_tags(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    tokens, lengths, tags = batch
    outputs, there = model(tokens, lengths), tags != data.IGNORED
    right = (outputs.argmax(-1) == tags)[there].float().mean()
    return loss_fn(outputs.flatten(0, 1), tags.flatten()), right, int(there.sum())


class Words(nn.Module):
    """A transformer's answer for each word."""

    def __init__(self) -> None:
        super().__init__()
        self.body = Encoder(4, words=12, spread=0.5)

    def forward(self, tokens: Tensor, lengths: Tensor) -> Any:
        return self.body.out(self.body.states(tokens))


def tagger_transformer() -> Any:
    """The loss sums over words by a mask and divides by how many there are."""
    model = Words()

    def loss_fn(outputs: Tensor, tags: Tensor) -> Tensor:
        there = tags != data.IGNORED
        losses = F.cross_entropy(outputs, tags.clamp(min=0), reduction="none")
        return (losses * there).sum() / there.sum()

    return model, _adam(model, 5e-3), loss_fn, *data.loaders(data.tagged(), 32)


class Chain(nn.Module):
    """Scores of tags and of what follows what, judged as whole sequences (Lafferty et al. 2001)."""

    def __init__(self, tags: int = 4) -> None:
        super().__init__()
        self.scores = Tagger(tags)
        self.moves = nn.Parameter(torch.zeros(tags, tags))

    def forward(self, tokens: Tensor, lengths: Tensor) -> Any:
        return self.scores(tokens, lengths)

    def loss(self, scores: Tensor, tags: Tensor) -> Tensor:
        """Mean negative log-likelihood of the sequences of tags."""
        there = tags != data.IGNORED
        tags = tags.clamp(min=0)
        own = scores.gather(2, tags.unsqueeze(2)).squeeze(2)
        path = own[:, 0]
        all_paths = scores[:, 0]
        for at in range(1, scores.shape[1]):
            here = there[:, at]
            path = path + torch.where(here, own[:, at] + self.moves[tags[:, at - 1], tags[:, at]], 0.0)
            following = torch.logsumexp(all_paths.unsqueeze(2) + self.moves, 1) + scores[:, at]
            all_paths = torch.where(here.unsqueeze(1), following, all_paths)
        return (torch.logsumexp(all_paths, 1) - path).mean()


def chain() -> Any:
    """A conditional random field; its loss is a method of the model."""
    model = Chain()
    return model, _adam(model, 2e-2), None, *data.loaders(data.tagged(rows=300), 32)


def _chain_loss(model: Any, loss_fn: Any, batch: Any) -> Any:
    tokens, lengths, tags = batch
    return model.loss(model(tokens, lengths), tags)


def _judge_chain(model: Any, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    tokens, lengths, tags = batch
    scores = model(tokens, lengths)
    there = tags != data.IGNORED
    return model.loss(scores, tags), (scores.argmax(-1) == tags)[there].float().mean(), int(there.sum())


class Spans(nn.Module):
    """Scores of where an answer begins and where it ends; padding is neither."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(12, 16)
        self.rnn = nn.GRU(16, 16, batch_first=True, bidirectional=True)
        self.out = nn.Linear(32, 2)

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        scores = self.out(self.rnn(self.embedding(tokens))[0]).masked_fill((tokens == 0).unsqueeze(-1), -1e4)
        begin, end = scores.unbind(-1)
        return begin, end


def spans() -> Any:
    """Sequences without padding in which word 11 opens an answer and word 10 closes it."""
    draw = torch.Generator().manual_seed(3)
    tokens = torch.randint(1, 10, (500, 12), generator=draw)
    begin = torch.randint(0, 6, (500,), generator=draw)
    end = begin + torch.randint(1, 6, (500,), generator=draw)
    rows = torch.arange(500)
    tokens[rows, begin], tokens[rows, end] = 11, 10
    model = Spans()
    return model, _adam(model), nn.CrossEntropyLoss(), *data.loaders(data.parted(tokens, begin, end), 32)


def _span_loss(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    tokens, begin, end = batch
    begins, ends = model(tokens)
    return (loss_fn(begins, begin) + loss_fn(ends, end)) / 2


def _judge_spans(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    tokens, begin, end = batch
    begins, ends = model(tokens)
    right = (begins.argmax(1) == begin) & (ends.argmax(1) == end)
    return _span_loss(model, loss_fn, batch), right.float().mean(), len(begin)


class Forecast(nn.Module):
    """The next value of a wave from the last state."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.GRU(1, 24, batch_first=True)
        self.out = nn.Linear(24, 1)

    def forward(self, wave: Tensor) -> Any:
        return self.out(self.rnn(wave)[1][0]).squeeze(1)


def forecast() -> Any:
    """Waves and the value that follows."""
    model = Forecast()
    return model, _adam(model), nn.MSELoss(), *data.loaders(data.series(), 64)


class Dilated(nn.Module):
    """Convolutions that look back only, ever further (van den Oord et al. 2016); an answer at each place."""

    def __init__(self) -> None:
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv1d(1 if not at else 12, 12, 2, dilation=2**at) for at in range(3))
        self.out = nn.Conv1d(12, 1, 1)

    def forward(self, wave: Tensor) -> Any:
        state = wave.transpose(1, 2)
        for at, conv in enumerate(self.convs):
            state = conv(F.pad(state, (2**at, 0))).relu()
        return self.out(state).squeeze(1)


def dilated() -> Any:
    """At each place the next value."""
    train, valid = ((wave, torch.cat([wave[:, 1:, 0], y[:, None]], 1)) for wave, y in data.series(length=24).both)
    model = Dilated()
    return model, _adam(model), nn.MSELoss(), *data.loaders(data.Split(train, valid), 32)


class Frames(nn.Module):
    """Scores of signs for each frame, time first, as log-probabilities."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.GRU(6, 24, batch_first=True, bidirectional=True)
        self.out = nn.Linear(48, 5)

    def forward(self, frames: Tensor) -> Any:
        return self.out(self.rnn(frames)[0]).log_softmax(-1).transpose(0, 1)


def frames() -> Any:
    """Each of three signs held for some frames; what was said is told without when (Graves et al. 2006)."""
    draw = torch.Generator().manual_seed(4)
    signs = torch.randint(1, 5, (360, 3), generator=draw)
    held = F.one_hot(signs, 6).float().repeat_interleave(4, dim=1)
    held[:, 3::4] = 0
    model = Frames()
    split = data.parted(held + 0.1 * torch.randn(held.shape, generator=draw), signs)
    return model, _adam(model, 2e-2), nn.CTCLoss(), *data.loaders(split, 24)


def _frames_loss(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    x, signs = batch
    given, told = torch.full((len(x),), x.shape[1]), torch.full((len(x),), signs.shape[1])
    return loss_fn(model(x), signs, given, told)


def _judge_frames(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    best = model(batch[0]).argmax(-1).transpose(0, 1)
    said = [
        [int(s) for s in row.unique_consecutive() if s] == signs.tolist()
        for row, signs in zip(best, batch[1], strict=True)
    ]
    return _frames_loss(model, loss_fn, batch), torch.tensor(said).float().mean(), len(said)


class ByLength:
    """Batches of like length, cut to the longest of them, in a random order; made anew each epoch."""

    def __init__(self, part: tuple[Tensor, ...], batch: int) -> None:
        self.part, self.batch = part, batch

    def __len__(self) -> int:
        return -(-len(self.part[0]) // self.batch)

    def __iter__(self) -> Any:
        tokens, lengths, y = self.part
        order = (lengths + 4 * torch.rand(len(lengths))).argsort().split(self.batch)
        for at in torch.randperm(len(order)).tolist():
            rows = order[at]
            yield {"tokens": tokens[rows, : int(lengths[rows].max())], "y": y[rows]}


def by_length() -> Any:
    """Batches differ in width; the loader is a class of the person's own."""
    train, valid = data.documents().both
    model = MaskedMean(2)
    loaders: tuple[Iterable[Any], Iterable[Any]] = ByLength(train, 32), ByLength(valid, 128)
    return model, _adam(model), nn.CrossEntropyLoss(), *loaders


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
    well(
        "tagger lstm both ways",
        tagger,
        epochs=8,
        reaches=0.9,
        step=stepping(tag_loss),
        validate=validating(_judge_tags),
        **TAGS,
    ),
    well(
        "tagger transformer masked sum",
        tagger_transformer,
        epochs=14,
        reaches=0.85,
        step=stepping(lambda m, f, b: f(m(b[0], b[1]).flatten(0, 1), b[2].flatten())),
        validate=validating(_judge_tags),
        **TAGS,
    ),
    well(
        "tagger random field",
        chain,
        epochs=6,
        reaches=0.9,
        step=stepping(_chain_loss),
        validate=validating(_judge_chain),
        **TAGS,
    ),
    well(
        "spans",
        spans,
        epochs=6,
        reaches=0.9,
        step=stepping(_span_loss),
        validate=validating(_judge_spans),
        task="other",
        pad=0,
    ),
    well(
        "waves gru",
        forecast,
        epochs=10,
        reaches=0.15,
        step=plain_step,
        validate=mean_error,
        task="regression",
        higher_is_better=False,
    ),
    well(
        "waves dilated convolutions",
        dilated,
        epochs=10,
        reaches=0.15,
        step=plain_step,
        validate=mean_error,
        task="regression",
        causal=True,
        higher_is_better=False,
    ),
    well(
        "frames ctc",
        frames,
        epochs=12,
        reaches=0.85,
        step=stepping(_frames_loss),
        validate=validating(_judge_frames),
        task="other",
    ),
)
