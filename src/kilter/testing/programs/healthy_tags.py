"""Healthy programs over sequences with an answer for each place: tags, spans, waves, frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import nn

from kilter.testing.programs import data
from kilter.testing.programs.entries import Training, well
from kilter.testing.programs.networks import Encoder, Tagger
from kilter.testing.programs.steps import mean_error, plain_step, stepping, validating

if TYPE_CHECKING:
    from torch import Tensor
from kilter.testing.programs.healthy_sequences import adam

TAGS: dict[str, Any] = {"task": "tagging", "classes": 4, "pad": 0}


def tagger() -> Any:
    """A tag for each word; padding has none."""
    model = Tagger(4)
    return model, adam(model), nn.CrossEntropyLoss(ignore_index=data.IGNORED), *data.loaders(data.tagged(), 32)


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

    return model, adam(model, 5e-3), loss_fn, *data.loaders(data.tagged(), 32)


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
    return model, adam(model, 2e-2), None, *data.loaders(data.tagged(rows=300), 32)


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
    return model, adam(model), nn.CrossEntropyLoss(), *data.loaders(data.parted(tokens, begin, end), 32)


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
    return model, adam(model), nn.MSELoss(), *data.loaders(data.series(), 64)


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
    return model, adam(model), nn.MSELoss(), *data.loaders(data.Split(train, valid), 32)


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
    return model, adam(model, 2e-2), nn.CTCLoss(), *data.loaders(split, 24)


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


TAGGED: tuple[Training, ...] = (
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
