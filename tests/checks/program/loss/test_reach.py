import pytest
from torch import nn

from kilter.checks.program.bench import Bench
from kilter.checks.program.loss.reach import reach, seen_predictions, seen_targets
from kilter.checks.program.loss.surface import surface


@pytest.mark.parametrize(
    ("last", "bound"),
    [(nn.Tanh(), (-1.0, 1.0)), (nn.Sigmoid(), (0.0, 1.0)), (nn.ReLU(), None), (nn.Identity(), None)],
)
def test_bounds_are_those_of_the_last_layer(build, parts, last, bound):
    loss = parts["Squeezed"](nn.MSELoss())
    bench = Bench(program=build("regression", parts["data"]("numbers"), lambda: parts["mlp"](1, last), loss))
    under = reach(bench, surface(bench))

    assert under.bound == (bound if bound is None else pytest.approx(bound, abs=1e-3))
    assert under.within(0.0, float("inf")) is isinstance(last, nn.ReLU | nn.Sigmoid)
    assert (under.zeros > 0.05) is isinstance(last, nn.ReLU)


def test_predictions_and_targets_are_those_of_the_first_steps(build, parts):
    x, y = parts["data"]("numbers")
    bench = Bench(program=build("regression", (x, y), lambda: parts["mlp"](1), parts["Squeezed"](nn.MSELoss())))
    asked = surface(bench)

    assert len(seen_predictions(bench, asked)) == len(bench.recording.steps)
    assert set(seen_targets(bench, asked).tolist()) == set(y.tolist())
