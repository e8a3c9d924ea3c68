from dataclasses import replace

import pytest
import torch
from torch import nn

from kilter.tracking.fitting import fit as fit_into
from kilter.training.costing import cost_of
from kilter.training.fit import begin, fit
from kilter.values.history import History

PASS = 2 * 2 * 16 * 4 * 16 + 3 * 2 * 16 * 16 * 3
"""Operations of a batch of 16: of the first layer forward and its weights' gradient, of the second all three."""


@pytest.mark.parametrize("accumulate", [1, 2])
def test_a_training_is_accounted_for(make_pipeline, accumulate):
    pipeline = make_pipeline(train={"length": "2ep"}, batch={"size": 16, "accumulate": accumulate})
    fitted = fit(pipeline)
    cost = fitted.cost
    assert (cost.parameters, cost.trained) == (4 * 16 + 16 + 16 * 3 + 3, 4 * 16 + 16 + 16 * 3 + 3)
    assert (cost.steps, cost.examples, cost.tokens) == (8 // accumulate, 128, 0)
    assert (cost.flops, cost.unknown) == (PASS * accumulate, "")
    assert cost.memory > 1 << 20
    assert 0 < cost.waiting < cost.seconds
    assert 0 < cost.evaluating < cost.seconds
    assert cost.waiting + cost.evaluating + cost.saving + cost.measuring < cost.seconds
    assert fitted.history.last("clock.examples") == 128


def test_a_resumed_training_costs_what_all_sittings_cost(make_pipeline, tmp_path):
    pipeline = make_pipeline(train={"length": "2ep"}, schedule="constant")
    first = fit_into(pipeline, folder=tmp_path)
    longer = replace(pipeline, recipe=pipeline.recipe.replace("train.length", "3ep"))
    second = fit_into(longer, folder=tmp_path, resume=True)
    assert (first.cost.examples, second.cost.examples) == (128, 192)
    assert second.cost.seconds > first.cost.seconds
    assert second.cost.evaluating > first.cost.evaluating
    assert second.cost.saving > 0


class Odd(nn.Module):
    """Its operations cannot be followed, or it has none that count."""

    def __init__(self, error=None):
        super().__init__()
        self.bias, self.error = nn.Parameter(torch.zeros(3)), error
        self.frozen = nn.Parameter(torch.zeros(5), requires_grad=False)

    def forward(self, numbers):
        if self.error is not None:
            raise self.error
        return numbers[:, :3] + self.bias


@pytest.mark.parametrize(
    ("error", "why"),
    [(ValueError("not\nnow"), "ValueError: not now"), (None, "nothing in it is a product of matrices")],
)
def test_what_cannot_be_counted_says_why(make_pipeline, error, why):
    pipeline = replace(make_pipeline(), make_model=lambda: Odd(error))
    cost = cost_of(pipeline, begin(pipeline), History())
    assert cost.flops is None
    assert cost.unknown.startswith(why)
    assert (cost.parameters, cost.trained, cost.steps, cost.memory) == (8, 3, 0, None)


def test_counting_takes_nothing_from_the_result(make_pipeline):
    """The best weights, and a model with statistics of its batches, are those that they are without an account."""

    def normed():
        return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))

    pipeline = replace(make_pipeline(train={"length": "2ep"}), make_model=normed)
    fitted = fit(pipeline)
    again = cost_of(pipeline, begin(pipeline), fitted.history)
    assert again.flops == fitted.cost.flops > 0
    other = fit(pipeline)
    state = other.model.state_dict()
    assert all(torch.equal(tensor, state[name]) for name, tensor in fitted.model.state_dict().items())
    assert fitted.model[1].num_batches_tracked == fitted.best_step
