import pytest
from torch import nn
from torch.nn import functional as F

from kilter.checks.program.loss.output_reach import OutputReach


@pytest.mark.parametrize(
    ("last", "cause"),
    [(nn.ReLU(), "relu_on_output"), (nn.Tanh(), "output_range_mismatch"), (nn.Softplus(), "output_range_mismatch")],
)
def test_targets_that_outputs_cannot_reach_are_found(build, found, parts, last, cause):
    loss = parts["Squeezed"](nn.MSELoss())
    program = build("regression", parts["data"]("numbers"), lambda: parts["mlp"](1, last), loss)

    assert [one.causes[0] for one in found(OutputReach(), program)] == [cause]


@pytest.mark.parametrize(("last", "cause"), [(nn.ReLU(), "relu_on_output"), (nn.Tanh(), "output_range_mismatch")])
def test_logits_with_bounds_are_found(build, found, parts, last, cause):
    program = build("classification", parts["data"]("classes"), lambda: parts["mlp"](4, last), nn.CrossEntropyLoss())

    assert [one.causes[0] for one in found(OutputReach(), program)] == [cause]


def test_bounds_that_fit_are_silent(build, found, parts):
    x, y = parts["data"]("numbers")
    for last, target in ((nn.Softplus(), y.abs()), (nn.Sigmoid(), y.sigmoid()), (nn.Tanh(), y.tanh())):
        loss = parts["Squeezed"](nn.MSELoss())
        program = build("regression", (x, target), lambda last=last: parts["mlp"](1, last), loss)
        assert found(OutputReach(), program) == []


def test_probabilities_and_scaled_cosines_are_silent(build, found, parts):
    step = parts["stepping"](lambda model, _, batch: F.cross_entropy(16 * model(batch[0]), batch[1]))
    scaled = build("classification", parts["data"]("classes"), lambda: parts["mlp"](4, nn.Tanh()), step=step)
    shares = build("multilabel", parts["data"]("labels"), lambda: parts["mlp"](4, nn.Sigmoid()), nn.BCELoss())

    assert found(OutputReach(), scaled) == []
    assert found(OutputReach(), shares) == []
