"""A validation loss that jumps about."""

import math

import numpy as np
import pytest

from kilter.checks.curves.validation_noise import ValidationNoise
from kilter.testing.healthy.histories import falling, recorded
from kilter.values.finding import Severity, Skipped


def jumping(size, *, train=None, noise=0.02, level=0.6, **options):
    draw = np.random.default_rng(1)
    jumps = iter(draw.uniform(-1, 1, 200))
    history = recorded(
        train or falling(2.3, 0.2, 6),
        valid=lambda _: level + size * next(jumps),
        noise=noise,
        evaluations=30,
        **options,
    )
    return list(ValidationNoise().examine(history))


def test_jumps_of_the_size_of_the_loss_are_a_note():
    (finding,) = jumping(0.5)
    assert finding.severity is Severity.NOTE
    assert 0.15 < finding.evidence["noise"] < 0.6


def test_jumps_above_the_untrained_loss_are_a_warning():
    (finding,) = jumping(3.0, level=3.0)
    assert finding.severity is Severity.WARNING
    assert finding.causes[0] == "bn_tiny_batch"


def test_small_jumps_are_silent():
    assert jumping(0.1) == []


def test_jumps_that_training_shows_as_well_are_of_the_steps():
    def thrown(at):
        return 1.0 + 0.6 * math.sin(2.5 * (round(400 * at) // 13))

    (finding,) = jumping(0.5, train=thrown)
    assert (finding.severity, finding.causes[0]) == (Severity.NOTE, "lr_too_high")
    assert jumping(0.05, train=thrown) == []
    assert jumping(0.02, train=falling(2.3, 0.2, 6), level=0.03) == []  # hardly anything is left


@pytest.mark.parametrize(("rows", "found"), [(6, True), (12, True), (200, False)])
def test_shares_betray_a_split_of_few_rows(rows, found):
    draw = np.random.default_rng(2)
    history = recorded(
        falling(), valid=falling(), scores={"accuracy": lambda _: draw.integers(0, rows + 1) / rows}, evaluations=30
    )
    few = [said for said in ValidationNoise().examine(history) if said.severity is Severity.WARNING]
    assert [said.evidence["rows"] for said in few] == [rows] * found


def test_a_steep_way_is_no_noise():
    history = recorded(falling(2.3, 0.2), valid=lambda at: math.exp(9 * at), evaluations=30)
    assert list(ValidationNoise().examine(history)) == []


def test_few_evaluations_are_skipped():
    history = recorded(falling(), valid=falling(), evaluations=9)
    assert isinstance(next(ValidationNoise().examine(history)), Skipped)
