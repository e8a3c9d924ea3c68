"""Healthy programs that rank, choose, or learn from a teacher."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import nn

from kilter.testing.programs import data
from kilter.testing.programs.entries import Training, well
from kilter.testing.programs.networks import perceptron
from kilter.testing.programs.steps import accuracy, stepping, validating

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor
from kilter.testing.programs.healthy_pairs import COMPARED, adam


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
    return model, adam(model, 5e-3), nn.MarginRankingLoss(margin=0.5), *data.loaders(data.Split(*parts), 32)


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

    return model, adam(model, 5e-3), Distilled(), *data.loaders(data.digits())


def _distilled_loss(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    x, y = batch
    return loss_fn(model(x), y, x)


def bandit() -> Any:
    """Actions are drawn, rewards follow: the loss is no measure of success (Williams 1992)."""
    x, y = data.blobs().train
    model = perceptron(6, 24, 3)
    return model, adam(model, 1e-2), None, *data.loaders(data.Split((x, y), data.blobs().valid), 32)


def _bandit_loss(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    state, best = batch
    policy = torch.distributions.Categorical(logits=model(state))
    action = policy.sample()  # type: ignore[no-untyped-call]
    reward = (action == best).float()
    return -((reward - reward.mean()) * policy.log_prob(action)).mean()  # type: ignore[no-untyped-call]


@torch.no_grad()
def _reward(model: nn.Module, loss_fn: Any, loader: Iterable[Any]) -> tuple[float, float]:
    model.eval()
    earned = torch.cat([(model(state).argmax(-1) == best).float() for state, best in loader]).mean()
    return -float(earned), float(earned)


CHOICES: tuple[Training, ...] = (
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
