import pytest
import torch
from torch import nn

from kilter.engine.schedule_free import ScheduleFreeAdamW
from kilter.engine.seeding import random_state
from kilter.testing.state import random_states
from kilter.training.checkpoints import save
from kilter.training.footprint import footprint

OPTIMIZERS = {
    "adamw": lambda parameters: torch.optim.AdamW(parameters, lr=0.1),
    "amsgrad": lambda parameters: torch.optim.AdamW(parameters, lr=0.1, amsgrad=True),
    "momentum": lambda parameters: torch.optim.SGD(parameters, lr=0.1, momentum=0.9),
    "plain": lambda parameters: torch.optim.SGD(parameters, lr=0.1),
    "schedule_free": lambda parameters: ScheduleFreeAdamW(parameters, lr=0.1),
}


class Net(nn.Module):
    """Tied weights, a buffer and a layer that is not trained."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(60, 60)
        self.norm = nn.BatchNorm1d(60)
        self.last = nn.Linear(60, 60)
        self.last.weight = self.first.weight
        self.frozen = nn.Linear(60, 60).requires_grad_(False)

    def forward(self, numbers):
        return self.frozen(self.last(self.norm(self.first(numbers))))


@pytest.mark.parametrize("content", ["full", "weights"])
@pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_told_before_the_first_step_and_after_it_as_large_as_on_the_disk(tmp_path, make, content):
    model = Net()
    optimizer = make([parameter for parameter in model.parameters() if parameter.requires_grad])
    before = footprint(model, optimizer, content)
    model(torch.randn(8, 60)).sum().backward()
    optimizer.step()
    after = footprint(model, optimizer, content)
    checkpoint = save(
        tmp_path, step=1, best=None, model=model, optimizer=optimizer, random=random_state(), content=content
    )
    names = ("model.safetensors", "optimizer.safetensors")[: 2 if content == "full" else 1]
    there = sum((checkpoint.path / name).stat().st_size for name in names)
    assert before == pytest.approx(after, abs=100)  # numbers of steps are tensors, too
    assert there - 12_000 < after < there  # headers and random states


def test_nothing_is_drawn_and_nothing_changes():
    model = Net()
    optimizer = OPTIMIZERS["adamw"](model.parameters())
    before = random_states()
    footprint(model, optimizer, "full")
    assert random_states() == before
    assert not optimizer.state


def test_an_optimizer_that_cannot_be_made_again_counts_as_if_it_kept_nothing():
    class Own(torch.optim.SGD):
        def __init__(self, model):
            super().__init__(model.parameters(), lr=0.1, momentum=0.9)

    model = Net()
    assert footprint(model, Own(model), "full") == footprint(model, Own(model), "weights")
