"""The later half of the small trainings: made while the finder of rates was written, unseen by it."""

from __future__ import annotations

from functools import cache, partial

import numpy as np
import torch
import torch.nn.functional as F
from rate_problems import Problem, adam, constant, cosine, momentum, one_cycle, warm_linear
from sklearn import datasets
from torch import Tensor, nn
from torch.optim.lr_scheduler import ExponentialLR, LRScheduler
from trainings.data import Split, blobs, digits, text, wine
from trainings.kit import mlp
from trainings.networks import Transformer, similar

SYMBOLS = 40
"""Different words of the generated texts."""


def coupled(model: nn.Module, rate: float) -> torch.optim.Optimizer:
    """Adam whose decay is part of the gradient."""
    return torch.optim.Adam(model.parameters(), rate, weight_decay=1e-4)


def rmsprop(model: nn.Module, rate: float) -> torch.optim.Optimizer:
    """RMSprop as torch has it."""
    return torch.optim.RMSprop(model.parameters(), rate)


def adagrad(model: nn.Module, rate: float) -> torch.optim.Optimizer:
    """Adagrad: its steps shrink by themselves."""
    return torch.optim.Adagrad(model.parameters(), rate)


def nadam(model: nn.Module, rate: float) -> torch.optim.Optimizer:
    """Adam with Nesterov's momentum."""
    return torch.optim.NAdam(model.parameters(), rate)


def decayed(model: nn.Module, rate: float) -> torch.optim.Optimizer:
    """Fine-tuning as of large models: decay on matrices alone, a short memory of squares."""
    matrices = [parameter for parameter in model.parameters() if parameter.ndim > 1]
    others = [parameter for parameter in model.parameters() if parameter.ndim <= 1]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, rate, betas=(0.9, 0.98))


def plain(model: nn.Module, rate: float) -> torch.optim.Optimizer:
    """Gradient descent with a little decay."""
    return torch.optim.SGD(model.parameters(), rate, weight_decay=1e-4)


def exponential(optimizer: torch.optim.Optimizer, total: int, _epoch: int) -> LRScheduler:
    """By the same share each step, to a fiftieth."""
    return ExponentialLR(optimizer, 0.02 ** (1 / total))


def _parted(x: Tensor, y: Tensor, held: int) -> Split:
    return x[held:], y[held:], x[:held], y[:held]


@cache
def topics(count: int = 2400, length: int = 20, classes: int = 8) -> Split:
    """Texts of 500 words; each class has its own share of them, and four words in five say nothing."""
    draw = np.random.default_rng(5)
    labels = draw.integers(0, classes, count)
    shares = draw.dirichlet(np.full(500, 0.05), classes)
    noise = draw.zipf(1.3, (count, length)) % 500
    said = np.stack([draw.choice(500, length, p=shares[label]) for label in labels])
    words = np.where(draw.random((count, length)) < 0.2, said, noise)
    return _parted(torch.from_numpy(words).long(), torch.from_numpy(labels).long(), count // 5)


@cache
def tags(count: int = 900, length: int = 16) -> Split:
    """Words, and tags that hang on the word before and the one after."""
    source = torch.Generator().manual_seed(6)
    words = torch.randint(0, SYMBOLS, (count, length + 2), generator=source)
    kind = torch.randint(0, 4, (SYMBOLS,), generator=source)
    table = torch.randint(0, 5, (4, 4, 4), generator=source)
    before, here, after = kind[words[:, :-2]], kind[words[:, 1:-1]], kind[words[:, 2:]]
    true = table[before, here, after]
    wrong = torch.rand(true.shape, generator=source) < 0.1
    given = torch.where(wrong, torch.randint(0, 5, true.shape, generator=source), true)
    return _parted(words[:, 1:-1], given, count // 5)


@cache
def amounts(count: int = 2000) -> Split:
    """Friedman's second function: inputs of very different units made standard, noise of long tails."""
    x, y = datasets.make_friedman2(count, noise=0.0, random_state=3)
    x, y = (x - x.mean(0)) / x.std(0), (y - y.mean()) / y.std()
    draw = np.random.default_rng(3)
    y = y + 0.02 * draw.standard_t(2, count)
    return _parted(torch.tensor(x).float(), torch.tensor(y).float(), count // 5)


@cache
def sales(count: int = 4000) -> Split:
    """Two amounts and three categories whose pairs decide, as in a table of a shop; 0 or 1."""
    draw = np.random.default_rng(7)
    sizes = (60, 30, 8)
    categories = np.stack([draw.zipf(1.2, count) % size for size in sizes], 1)
    numbers = draw.standard_normal((count, 2))
    effects = [draw.standard_normal((size, 3)) for size in sizes]
    first, second, third = (effects[at][categories[:, at]] for at in range(3))
    score = 0.8 * (first * second).sum(1) + third[:, 0] * numbers[:, 0] + np.abs(numbers[:, 1]) - 0.8
    y = draw.random(count) < 1 / (1 + np.exp(-2 * score))
    x = np.concatenate([numbers, categories], 1)
    return _parted(torch.tensor(x).float(), torch.tensor(y).float(), count // 5)


@cache
def labelled() -> Split:
    """Counts of words, and any number of twelve labels."""
    x, y = datasets.make_multilabel_classification(
        2000, n_features=30, n_classes=12, n_labels=3, length=40, random_state=4
    )
    x = np.log1p(x)
    return _parted(torch.tensor(x).float(), torch.tensor(y).float(), 400)


@cache
def mislabelled() -> Split:
    """Clouds; one training label in five is drawn at random, and of those held out as well."""
    x, y, held_x, held_y = blobs(2400, classes=6, spread=2.5)
    source = torch.Generator().manual_seed(8)

    def drawn(labels: Tensor) -> Tensor:
        wrong = torch.rand(len(labels), generator=source) < 0.2
        return torch.where(wrong, torch.randint(0, 6, labels.shape, generator=source), labels)

    return x, drawn(y), held_x, drawn(held_y)


@cache
def views() -> Split:
    """Digits seen twice, each time with one pixel in five dark and with noise; no targets but the pairing."""
    x, y, held_x, held_y = digits()
    source = torch.Generator().manual_seed(9)

    def twice(images: Tensor) -> Tensor:
        kept = torch.rand(len(images), 2, 64, generator=source) < 0.8
        return images[:, None] * kept + 0.1 * torch.randn(len(images), 2, 64, generator=source)

    return twice(x), y, twice(held_x), held_y


@cache
def origins(count: int = 560, length: int = 24) -> Split:
    """Texts of two chains of which one is the other with a few habits changed: which one wrote it."""
    ours, _ = text(count, length, seed=11)
    theirs, _ = text(count, length, seed=12, sharp=0.2)
    words = torch.cat([ours, theirs])
    labels = torch.cat([torch.zeros(count), torch.ones(count)]).long()
    order = torch.randperm(2 * count, generator=torch.Generator().manual_seed(13))
    return _parted(words[order], labels[order], 220)


class Bags(nn.Module):
    """The mean of word vectors, then one layer."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.EmbeddingBag(500, 32)
        self.out = nn.Linear(32, 8)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.words(x))


class Tagger(nn.Module):
    """A bidirectional LSTM: logits at each place."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(SYMBOLS, 24)
        self.memory = nn.LSTM(24, 24, batch_first=True, bidirectional=True)
        self.out = nn.Linear(48, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.memory(self.words(x))[0])


class Residual(nn.Module):
    """Convolutions with batch norm around residual paths, the mean over places, one layer."""

    def __init__(self, width: int = 12) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, width, 3, padding=1, bias=False)
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.BatchNorm2d(width), nn.ReLU(), nn.Conv2d(width, width, 3, padding=1, bias=False),
                nn.BatchNorm2d(width), nn.ReLU(), nn.Conv2d(width, width, 3, padding=1, bias=False),
            )
            for _ in range(2)
        )  # fmt: skip
        self.out = nn.Linear(width * 4, 10)

    def forward(self, x: Tensor) -> Tensor:
        seen = self.stem(x.view(-1, 1, 8, 8))
        for block in self.blocks:
            seen = seen + block(seen)
        return self.out(F.adaptive_avg_pool2d(F.relu(seen), 2).flatten(1))


class WideAndDeep(nn.Module):
    """A linear model of all categories beside a network over their vectors (Cheng et al. 2016)."""

    def __init__(self) -> None:
        super().__init__()
        sizes = (60, 30, 8)
        self.wide = nn.ModuleList(nn.Embedding(size, 1) for size in sizes)
        self.vectors = nn.ModuleList(nn.Embedding(size, 6) for size in sizes)
        self.deep = nn.Sequential(nn.Linear(20, 48), nn.ReLU(), nn.Linear(48, 24), nn.ReLU(), nn.Linear(24, 1))

    def forward(self, x: Tensor) -> Tensor:
        numbers, categories = x[:, :2], x[:, 2:].long()
        wide = sum(table(categories[:, at]) for at, table in enumerate(self.wide))
        vectors = [table(categories[:, at]) for at, table in enumerate(self.vectors)]
        return (wide + self.deep(torch.cat([numbers, *vectors], 1)))[:, 0]


class Twins(nn.Module):
    """One network for both views."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(64, 96), nn.LayerNorm(96), nn.GELU(), nn.Linear(96, 24))

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x)


class Judge(nn.Module):
    """A transformer whose mean over places is classified."""

    def __init__(self, body: Transformer) -> None:
        super().__init__()
        self.body = body
        self.out = nn.Linear(32, 2)

    def forward(self, x: Tensor) -> Tensor:
        inner = self.body
        return self.out(inner.blocks(inner.embedding(x) + inner.place[: x.shape[1]]).mean(1))


@cache
def _written() -> dict[str, Tensor]:
    """What a transformer's weights are when it has learnt to write such texts."""
    x, _ = text(1500, 24, seed=21)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(22)
        model = Transformer(12, 32, 24, causal=False)
        optimizer = torch.optim.AdamW(model.parameters(), 3e-3)
        for step in range(250):
            rows = slice(64 * step % 1472, 64 * step % 1472 + 64)
            hidden = torch.rand(x[rows].shape) < 0.2
            shown = torch.where(hidden, torch.randint(0, 12, x[rows].shape), x[rows])
            optimizer.zero_grad()
            F.cross_entropy(model(shown)[hidden], x[rows][hidden]).backward()
            optimizer.step()
    return {name: value.detach().clone() for name, value in model.state_dict().items()}


def fine_tuned() -> nn.Module:
    """It, with a fresh head that tells two origins apart."""
    body = Transformer(12, 32, 24, causal=False)
    body.load_state_dict(_written())
    body.output = nn.Identity()
    return Judge(body)


def norms() -> nn.Module:
    """Layers with layer norms, scaled small at their end."""
    return nn.Sequential(nn.Linear(64, 64), nn.LayerNorm(64), nn.GELU(), nn.Linear(64, 64), nn.LayerNorm(64), nn.GELU(),
                         nn.Linear(64, 10))  # fmt: skip


def _by_place(logits: Tensor, targets: Tensor) -> Tensor:
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


def _huber(outputs: Tensor, targets: Tensor) -> Tensor:
    return F.huber_loss(outputs[:, 0], targets)


def _pairs(outputs: Tensor, _targets: Tensor) -> Tensor:
    return similar(outputs[:, 0], outputs[:, 1])


LATER = (
    Problem(name="wine-dropout-rmsprop-constant", data=wine, network=partial(mlp, 13, 64, 64, 3, drop=0.4),
            optimise=rmsprop, loss=F.cross_entropy, plan=constant, epochs=30, rate=1e-3, batch=16),
    Problem(name="topics-bags-adagrad-constant", data=topics, network=Bags, optimise=adagrad, loss=F.cross_entropy,
            plan=constant, epochs=10, rate=2e-1),
    Problem(name="tags-recurrent-nadam-cosine", data=tags, network=Tagger, optimise=nadam, loss=_by_place, plan=cosine,
            epochs=10, rate=1e-2),
    Problem(name="digits-norms-descent-small-batch", data=digits, network=norms, optimise=plain, loss=F.cross_entropy,
            plan=constant, epochs=5, rate=5e-2, batch=8),
    Problem(name="digits-residual-momentum-onecycle", data=digits, network=Residual,
            optimise=partial(momentum, nesterov=True, decay=1e-4), loss=F.cross_entropy, plan=one_cycle, epochs=6,
            rate=1e-1, batch=64),
    Problem(name="amounts-huber-coupled-exponential", data=amounts, network=partial(mlp, 4, 64, 64, 1, act=nn.SiLU),
            optimise=coupled, loss=_huber, plan=exponential, epochs=12, rate=1e-2),
    Problem(name="sales-wide-and-deep-adamw-warm", data=sales, network=WideAndDeep, optimise=adam,
            loss=F.binary_cross_entropy_with_logits, plan=warm_linear, epochs=6, rate=4e-2, batch=64),
    Problem(name="labels-many-momentum-exponential", data=labelled, network=partial(mlp, 30, 64, 12),
            optimise=momentum, loss=F.binary_cross_entropy_with_logits, plan=exponential, epochs=10, rate=6e-1),
    Problem(name="origins-finetuned-transformer-warm", data=origins, network=fine_tuned, optimise=decayed,
            loss=F.cross_entropy, plan=warm_linear, epochs=5, rate=2e-3),
    Problem(name="mislabelled-wide-adamw-cosine", data=mislabelled, network=partial(mlp, 8, 192, 192, 192, 6),
            optimise=adam, loss=F.cross_entropy, plan=cosine, epochs=10, rate=2e-3),
    Problem(name="views-contrastive-adamw-onecycle", data=views, network=Twins, optimise=adam, loss=_pairs,
            plan=one_cycle, epochs=8, rate=4e-2, batch=64),
)  # fmt: skip
"""Trainings of which the finder knew nothing."""
