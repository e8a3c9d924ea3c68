"""Gradients along the depth."""

import pytest

from kilter.checks.curves.gradient_depth import GradientDepth
from kilter.testing.healthy.histories_of_layers import measured, network
from kilter.values.finding import Severity, Skipped


def examined(depth=8, **sizes):
    return list(GradientDepth().examine(measured(network(depth, **sizes))))


def shrinking(factor, last=1e-2):
    return lambda layer: last * factor ** (7 - layer)


def test_a_gradient_that_vanishes_with_first_weights_that_hardly_move():
    (finding,) = examined(gradient=shrinking(0.1), update=shrinking(0.1, 1e-3))
    assert (finding.severity, finding.causes[0]) == (Severity.WARNING, "vanishing_gradient")
    assert finding.where == ("0.weight", "7.weight")
    assert finding.evidence["early"] < 1e-8


def test_weights_that_move_all_the_same_make_it_a_note():
    (finding,) = examined(gradient=shrinking(0.1), update=lambda _: 1e-3)
    assert finding.severity is Severity.NOTE


def test_a_gradient_that_explodes():
    (finding,) = examined(gradient=shrinking(10), update=shrinking(3, 1e-3))
    assert (finding.severity, finding.causes[0]) == (Severity.WARNING, "exploding_gradient")


@pytest.mark.parametrize(
    "gradient",
    [
        lambda _: 1e-3,
        shrinking(0.5),
        lambda layer: 1e-9 if layer == 0 else 1e-2,
        lambda layer: 0.0 if layer < 3 else 1e-2,
    ],
    ids=["even", "gentle", "one small", "cut off"],
)
def test_other_depths_are_silent(gradient):
    assert examined(gradient=gradient) == []


def test_few_weights_are_skipped():
    assert isinstance(examined(depth=3)[0], Skipped)
