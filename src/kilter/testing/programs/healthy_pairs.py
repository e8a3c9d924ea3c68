"""Healthy programs that compare: siamese networks, rankings, two views, teachers; and a bandit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, Dataset

from kilter.testing.programs import data
from kilter.testing.programs.entries import Training, well
from kilter.testing.programs.networks import perceptron
from kilter.testing.programs.steps import CLASSES10, accuracy, stepping, validating

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor

COMPARED: dict[str, Any] = {"task": "contrastive"}


def _adam(model: nn.Module, rate: float = 3e-3) -> torch.optim.Optimizer:
    return torch.optim.Adam(model.parameters(), lr=rate)


class Pairs(Dataset[Any]):
    """Two digits and whether they are the same one; every second pair is."""

    def __init__(self, part: tuple[Tensor, ...], *, signs: bool = False) -> None:
        self.x, self.y = part
        self.places = [torch.nonzero(self.y == digit).squeeze(1) for digit in range(10)]
        self.signs = signs

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, row: int) -> tuple[Tensor, Tensor, Tensor]:
        same = row % 2 == 0
        digit = int(self.y[row]) if same else (int(self.y[row]) + 1 + row % 9) % 10
        other = int(self.places[digit][(row * 7919) % len(self.places[digit])])
        label = 2.0 * same - 1 if self.signs else float(same)
        return self.x[row], self.x[other], torch.tensor(label)


def paired(*, signs: bool = False) -> Any:
    train: Any = DataLoader(Pairs(data.digits().train, signs=signs), 64, shuffle=True)
    return train, DataLoader(Pairs(data.digits().valid, signs=signs), 256)


def siamese() -> Any:
    """One network called twice; like pairs are drawn together, unlike ones pushed apart (Hadsell et al. 2006)."""
    model = perceptron(64, 48, 8)

    def loss_fn(distance: Tensor, same: Tensor) -> Tensor:
        return (same * distance**2 + (1 - same) * (1.5 - distance).clamp(min=0) ** 2).mean()

    return model, _adam(model), loss_fn, *paired()


def _siamese_loss(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    first, second, same = batch
    return loss_fn((model(first) - model(second)).norm(dim=1), same)


def _judge_siamese(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    first, second, same = batch
    distance = (model(first) - model(second)).norm(dim=1)
    return loss_fn(distance, same), ((distance < 0.75) == (same > 0.5)).float().mean(), len(same)


def cosine() -> Any:
    """The cosine of two embeddings, labels -1 and 1."""
    model = perceptron(64, 48, 8)
    return model, _adam(model), nn.CosineEmbeddingLoss(margin=0.3), *paired(signs=True)


def _cosine_loss(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    return loss_fn(model(batch[0]), model(batch[1]), batch[2])


def _judge_cosine(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    first, second = model(batch[0]), model(batch[1])
    right = (F.cosine_similarity(first, second) > 0.65) == (batch[2] > 0)
    return loss_fn(first, second, batch[2]), right.float().mean(), len(right)


def triplet() -> Any:
    """An anchor nearer to its like than to another, by a margin."""
    parts = []
    for x, y in data.digits().both:
        by_digit = [torch.nonzero(y == digit).squeeze(1) for digit in range(10)]
        like = torch.stack([x[by_digit[int(d)][at % len(by_digit[int(d)])]] for at, d in enumerate(y)])
        unlike = torch.stack([x[by_digit[(int(d) + 1 + at % 9) % 10][at % 40]] for at, d in enumerate(y)])
        parts.append((x, like, unlike))
    model = perceptron(64, 48, 8)
    return model, _adam(model), nn.TripletMarginLoss(margin=0.5), *data.loaders(data.Split(*parts))


def _triplet_loss(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    return loss_fn(*(model(part) for part in batch))


def _judge_triplet(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    anchor, like, unlike = (model(part) for part in batch)
    right = (anchor - like).norm(dim=1) < (anchor - unlike).norm(dim=1)
    return loss_fn(anchor, like, unlike), right.float().mean(), len(right)


def views(part: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
    """The left and the right half of each digit."""
    halves = part[0].view(-1, 8, 2, 4)
    return halves[:, :, 0].flatten(1), halves[:, :, 1].flatten(1)


class Towers(nn.Module):
    """Two networks for two kinds of things, and how sharp their agreement is (Radford et al. 2021)."""

    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = perceptron(32, 64, 16), perceptron(32, 64, 16)
        self.sharpness = nn.Parameter(torch.tensor(2.0))

    def forward(self, left: Tensor, right: Tensor) -> Any:
        first, second = F.normalize(self.left(left), dim=-1), F.normalize(self.right(right), dim=-1)
        return self.sharpness.exp() * first @ second.T


def towers() -> Any:
    """Rows of a batch are each other's opponents, both ways: the loss rightly depends on the whole batch."""
    train, valid = data.digits().both
    model = Towers()
    return model, _adam(model), nn.CrossEntropyLoss(), *data.loaders(data.Split(views(train), views(valid)))


def _towers_loss(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    scores = model(*batch)
    own = torch.arange(len(scores))
    return (loss_fn(scores, own) + loss_fn(scores.T, own)) / 2


def _judge_towers(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    scores = model(*(part[:64] for part in batch))
    own = torch.arange(len(scores))
    return loss_fn(scores, own), (scores.topk(5).indices == own[:, None]).any(1).float().mean(), len(own)


def two_views() -> Any:
    """Two noisy views of each digit find each other among the others (Chen et al. 2020); no label is used."""
    train, valid = data.digits().both
    model = perceptron(64, 64, 16)
    loaders: Any = DataLoader(train[0], 64, shuffle=True, drop_last=True), DataLoader(valid[0], 64)
    return model, _adam(model), None, *loaders


def _noisy(x: Tensor) -> Tensor:
    return (x + 0.15 * torch.randn_like(x)) * (torch.rand_like(x) > 0.1)


def _views_loss(model: nn.Module, loss_fn: Any, batch: Any) -> Tensor:
    codes = F.normalize(model(torch.cat([_noisy(batch), _noisy(batch)])), dim=-1)
    scores = (codes @ codes.T / 0.2).fill_diagonal_(float("-inf"))
    partner = torch.arange(len(codes)).roll(len(batch))
    return F.cross_entropy(scores, partner)


def _judge_views(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        first, second = (F.normalize(model(_noisy(batch)), dim=-1) for _ in range(2))
        loss = _views_loss(model, loss_fn, batch)
    right = (first @ second.T).argmax(1) == torch.arange(len(batch))
    return loss, right.float().mean(), len(batch)


class Directions(nn.Module):
    """Classes as directions; the logits are scaled cosines (Wang et al. 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.body = perceptron(64, 48, 16)
        self.classes = nn.Parameter(torch.randn(10, 16))

    def forward(self, x: Tensor) -> Any:
        return 10 * F.normalize(self.body(x), dim=-1) @ F.normalize(self.classes, dim=-1).T


def directions() -> Any:
    """Outputs bound to -10..10, rightly."""
    model = Directions()
    return model, _adam(model, 5e-3), nn.CrossEntropyLoss(), *data.loaders(data.digits())


class Liking(nn.Module):
    """What a user likes of an item: a product of embeddings and two tendencies."""

    def __init__(self, users: int = 40, items: int = 30, *, sparse: bool = False) -> None:
        super().__init__()
        self.users, self.items = nn.Embedding(users, 8, sparse=sparse), nn.Embedding(items, 8, sparse=sparse)
        for table in (self.users, self.items):
            nn.init.normal_(table.weight, std=0.3)

    def forward(self, user: Tensor, item: Tensor) -> Any:
        return (self.users(user) * self.items(item)).sum(-1)


def factors() -> Any:
    """Sparse gradients, the optimizer for them; batches (user, item, rating)."""
    model = Liking(sparse=True)
    optimizer = torch.optim.SparseAdam(list(model.parameters()), lr=2e-2)
    return model, optimizer, nn.MSELoss(), *data.loaders(data.ratings(), 64)


def _factors_loss(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    user, item, rating = batch
    return loss_fn(model(user, item), rating)


def _judge_factors(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    loss = _factors_loss(model, loss_fn, batch)
    return loss, 1 - loss / batch[2].var(), len(batch[2])


def preferences() -> Any:
    """What a user liked against an item drawn at random (Rendle et al. 2009)."""
    users, items, rating = (torch.cat(parts) for parts in zip(*data.ratings(80, 60).both, strict=True))
    liked = rating > 0.3
    split = data.parted(users[liked], items[liked], share=0.8)
    model = Liking(80, 60)
    return model, torch.optim.Adam(model.parameters(), lr=3e-2), None, *data.loaders(split, 64)


def _preference_loss(model: nn.Module, loss_fn: Any, batch: Any) -> Tensor:
    user, item = batch
    other = torch.randint(0, 60, item.shape)
    return -F.logsigmoid(model(user, item) - model(user, other)).mean()


def _judge_preference(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    user, item = batch
    with torch.random.fork_rng():
        torch.manual_seed(0)
        better = model(user, item) > model(user, torch.randint(0, 60, item.shape))
        loss = _preference_loss(model, loss_fn, batch)
    return loss, better.float().mean(), len(user)


def ranking() -> Any:
    """Which of two rows has the larger amount, by a margin."""
    parts = []
    for x, y in data.friedman().both:
        parts.append((x, x.roll(1, 0), (y - y.roll(1)).sign()))
    model = perceptron(10, 48, 1)
    return model, _adam(model, 5e-3), nn.MarginRankingLoss(margin=0.5), *data.loaders(data.Split(*parts), 32)


def _ranking_loss(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    first, second, sign = batch
    return loss_fn(model(first).squeeze(1), model(second).squeeze(1), sign)


def _judge_ranking(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    first, second, sign = batch
    right = (model(first) - model(second)).squeeze(1).sign() == sign
    return _ranking_loss(model, loss_fn, batch), right.float().mean(), len(sign)


def distillation() -> Any:
    """A frozen teacher, trained beforehand from a seed of its own, answers inside of the step."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        teacher = perceptron(64, 64, 10)
        tutor = torch.optim.Adam(teacher.parameters(), lr=1e-2)
        for x, y in list(data.loaders(data.digits())[0]) * 3:
            tutor.zero_grad()
            loss = F.cross_entropy(teacher(x), y)
            loss.backward()  # type: ignore[no-untyped-call]
            tutor.step()
    teacher.eval().requires_grad_(False)
    model = perceptron(64, 24, 10)

    class Distilled(nn.Module):
        """A third of the label, two thirds of the teacher at a temperature of 2 (Hinton et al. 2015)."""

        def __init__(self) -> None:
            super().__init__()
            self.teacher = teacher

        def forward(self, outputs: Tensor, target: Tensor, x: Tensor | None = None) -> Any:
            hard = F.cross_entropy(outputs, target)
            if x is None:
                return hard
            with torch.no_grad():
                told = self.teacher(x).div(2).softmax(-1)
            return hard / 3 + 8 / 3 * F.kl_div(outputs.div(2).log_softmax(-1), told, reduction="batchmean")

    return model, _adam(model, 5e-3), Distilled(), *data.loaders(data.digits())


def _distilled_loss(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    x, y = batch
    return loss_fn(model(x), y, x)


def bandit() -> Any:
    """Actions are drawn, rewards follow: the loss is no measure of success (Williams 1992)."""
    x, y = data.blobs().train
    model = perceptron(6, 24, 3)
    return model, _adam(model, 1e-2), None, *data.loaders(data.Split((x, y), data.blobs().valid), 32)


def _bandit_loss(model: nn.Module, loss_fn: Any, batch: Any) -> Tensor:
    state, best = batch
    policy = torch.distributions.Categorical(logits=model(state))
    action = policy.sample()
    reward = (action == best).float()
    return -((reward - reward.mean()) * policy.log_prob(action)).mean()  # type: ignore[no-untyped-call]


@torch.no_grad()
def _reward(model: nn.Module, loss_fn: Any, loader: Iterable[Any]) -> tuple[float, float]:
    model.eval()
    earned = torch.cat([(model(state).argmax(-1) == best).float() for state, best in loader]).mean()
    return -float(earned), float(earned)


PAIRS: tuple[Training, ...] = (
    well(
        "siamese contrastive",
        siamese,
        epochs=5,
        reaches=0.8,
        step=stepping(_siamese_loss),
        validate=validating(_judge_siamese),
        **COMPARED,
    ),
    well(
        "siamese cosine",
        cosine,
        epochs=5,
        reaches=0.8,
        step=stepping(_cosine_loss),
        validate=validating(_judge_cosine),
        **COMPARED,
    ),
    well(
        "triplet margin",
        triplet,
        epochs=5,
        reaches=0.9,
        step=stepping(_triplet_loss),
        validate=validating(_judge_triplet),
        **COMPARED,
    ),
    well(
        "two towers",
        towers,
        epochs=8,
        reaches=0.5,
        step=stepping(_towers_loss),
        validate=validating(_judge_towers),
        **COMPARED,
    ),
    well(
        "two views",
        two_views,
        epochs=6,
        reaches=0.75,
        step=stepping(_views_loss),
        validate=validating(_judge_views),
        **COMPARED,
    ),
    well("directions of classes", directions, epochs=8, reaches=0.9, **CLASSES10),
    well(
        "ratings sparse",
        factors,
        epochs=15,
        reaches=0.6,
        task="regression",
        step=stepping(_factors_loss),
        validate=validating(_judge_factors),
    ),
    well(
        "preferences",
        preferences,
        epochs=6,
        reaches=0.65,
        step=stepping(_preference_loss),
        validate=validating(_judge_preference),
        **COMPARED,
    ),
    well(
        "ranking margin",
        ranking,
        epochs=10,
        reaches=0.8,
        task="other",
        step=stepping(_ranking_loss),
        validate=validating(_judge_ranking),
    ),
    well(
        "distillation",
        distillation,
        epochs=8,
        reaches=0.9,
        task="classification",
        classes=10,
        step=stepping(_distilled_loss),
        validate=accuracy,
    ),
    well("bandit", bandit, epochs=12, reaches=0.9, task="other", step=stepping(_bandit_loss), validate=_reward),
)
