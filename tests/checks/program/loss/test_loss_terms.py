import pytest
from torch import nn
from torch.nn import functional as F

from kilter.checks.program.loss.loss_terms import LossTerms


class TwoHeads(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(6, 16)
        self.classes = nn.Linear(16, 4)
        self.copy = nn.Linear(16, 6)

    def forward(self, x):
        hidden = self.body(x).relu()
        return self.classes(hidden), self.copy(hidden)


def two_tasks(weight):
    def compute(model, _, batch):
        classes, copy = model(batch[0])
        return F.cross_entropy(classes, batch[1]) + weight * F.mse_loss(copy, batch[0])

    return compute


def with_penalty(weight):
    return lambda m, loss, b: loss(m(b[0]), b[1]) + weight * sum((p**2).sum() for p in m.parameters())


@pytest.mark.parametrize(("weight", "drowns"), [(1000.0, True), (1.0, False)])
def test_a_second_task_that_drowns_the_first(build, found, parts, weight, drowns):
    step = parts["stepping"](two_tasks(weight))
    program = build("classification", parts["data"]("classes"), TwoHeads, step=step)

    assert [one.causes[0] for one in found(LossTerms(), program)] == ["auxiliary_loss_dominates"] * drowns


@pytest.mark.parametrize(("weight", "drowns"), [(100.0, True), (1e-3, False)])
def test_a_penalty_that_drowns_the_task(build, found, parts, weight, drowns):
    step = parts["stepping"](with_penalty(weight))
    program = build("classification", parts["data"]("classes"), parts["mlp"], nn.CrossEntropyLoss(), step=step)

    assert [one.causes[0] for one in found(LossTerms(), program)] == ["auxiliary_loss_dominates"] * drowns
