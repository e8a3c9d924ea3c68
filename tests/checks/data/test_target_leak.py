"""One column that gives the target away."""

import numpy as np
import pytest

from kilter.checks.data.target_leak import TargetLeak
from kilter.testing.tables import column, dataset
from kilter.values.finding import Finding, Severity, Skipped
from kilter.values.table import Kind

DRAW = np.random.default_rng(0)
TRUTH = DRAW.random(400) < 0.5
LABELS = column(["yes" if truth else "no" for truth in TRUTH])
AMOUNTS = DRAW.normal(size=400)


def examined(target, kind, cells, target_kind=Kind.CATEGORY, **thresholds):
    made = dataset({"c": cells, "y": target}, {"c": kind}, target_kind=target_kind, shares={"train": 1.0})
    return list(TargetLeak(**thresholds).examine(made))


def flipped(share):
    wrong = np.random.default_rng(1).random(400) < share
    return column([str(truth ^ flip) for truth, flip in zip(TRUTH, wrong, strict=True)])


def test_a_flag_that_is_never_wrong_is_found():
    (finding,) = examined(LABELS, Kind.CATEGORY, flipped(0.0))
    assert finding.severity is Severity.WARNING
    assert finding.evidence["skill"] == {"c": 1.0}


def test_a_flag_that_is_wrong_once_in_twenty_is_none():
    assert examined(LABELS, Kind.CATEGORY, flipped(0.05)) == []
    assert len(examined(LABELS, Kind.CATEGORY, flipped(0.05), skill=0.8, surely=0.7)) == 1


def test_a_number_with_many_steps_is_found_though_it_is_not_monotone():
    cells = np.where(TRUTH, 1.0, 0.0) + 2 * DRAW.integers(0, 5, 400)
    (finding,) = examined(LABELS, Kind.NUMBER, cells)
    assert "right on 100 % of 200 held-out rows" in finding.seen


def test_few_errors_to_resolve_prove_nothing():
    rare = column(["rare" if at % 20 == 0 else "usual" for at in range(400)])
    assert examined(rare, Kind.CATEGORY, column([str(cell) for cell in rare])) == []


@pytest.mark.parametrize("change", [lambda y: 1.8 * y + 32, np.exp, lambda y: -(y**3), lambda y: np.round(y, 1)])
def test_an_amount_in_another_scale_is_found(change):
    (finding,) = examined(AMOUNTS, Kind.NUMBER, change(AMOUNTS), Kind.NUMBER)
    assert finding.causes[0] == "target_leak"


def test_an_amount_with_a_tenth_of_noise_is_none():
    noisy = AMOUNTS + 0.1 * DRAW.normal(size=400)
    assert examined(AMOUNTS, Kind.NUMBER, noisy, Kind.NUMBER) == []


def test_a_category_that_stands_for_an_amount_is_found():
    levels = DRAW.integers(0, 6, 400)
    (finding,) = examined(levels * 10.0, Kind.CATEGORY, column([f"level {at}" for at in levels]), Kind.NUMBER)
    assert finding.where == ("c",)


@pytest.mark.parametrize("kind", [Kind.CATEGORY, Kind.NUMBER])
def test_the_target_itself_is_a_failure(kind):
    target = LABELS if kind is Kind.CATEGORY else AMOUNTS
    (finding,) = examined(target, kind, target.copy(), kind)
    assert finding.severity is Severity.FAILURE
    assert "is the target itself" in finding.seen


def test_tokens_are_read_like_texts():
    cells = np.empty(400, dtype=object)
    cells[:] = [("the", "mark", "good" if truth else "bad") for truth in TRUTH]
    (finding,) = examined(LABELS, Kind.TOKENS, cells)
    assert isinstance(finding, Finding)
    assert "'good'" in finding.seen


def test_images_are_not_tried_and_few_rows_are_skipped():
    assert examined(LABELS, Kind.IMAGE, TRUTH[:, None, None] * np.ones((400, 2, 2))) == []
    made = dataset({"c": TRUTH[:30] * 1.0, "y": LABELS[:30]}, {"c": Kind.NUMBER}, shares={"train": 1.0})
    assert isinstance(next(TargetLeak().examine(made)), Skipped)
