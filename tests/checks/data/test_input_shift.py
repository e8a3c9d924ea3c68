"""Inputs that training has never met."""

import numpy as np

from kilter.checks.data.input_shift import InputShift
from kilter.testing.tables import column, dataset
from kilter.values.finding import Severity, Skipped
from kilter.values.table import Kind

DRAW = np.random.default_rng(0)


def examined(train, test, kind=Kind.NUMBER):
    cells = np.concatenate([train, test])
    shares = {"train": len(train) / len(cells), "test": len(test) / len(cells)}
    columns = {"c": cells, "y": column(["a", "b"] * (len(cells) // 2))}
    return list(InputShift().examine(dataset(columns, {"c": kind}, shares=shares, shuffled=False)))


NORMAL = DRAW.normal(size=400)


def test_another_scale_and_another_place_are_warnings():
    for other in (100 * NORMAL, NORMAL / 100, NORMAL + 50):
        (finding,) = examined(NORMAL, other)
        assert finding.severity is Severity.WARNING
        assert finding.causes[0] == "val_preprocess_mismatch"


def test_drift_is_a_note_and_chance_is_silent():
    (finding,) = examined(NORMAL, NORMAL + 0.7)
    assert finding.severity is Severity.NOTE
    assert list(finding.evidence["drifting"]) == ["c"]
    assert examined(NORMAL, DRAW.normal(size=400)) == []


def test_values_that_are_always_new_are_a_warning():
    days = [f"day {at // 4}" for at in range(400)]
    (finding,) = examined(column(days[:300]), column(days[300:]), Kind.CATEGORY)
    assert "values that train lacks in 100 % of 100 cells" in finding.seen
    assert examined(column(days[:300]), column(days[200:300]), Kind.CATEGORY) == []


def test_numbers_that_are_mostly_zero_are_judged_by_their_range():
    sparse = np.where(DRAW.random(400) < 0.1, DRAW.exponential(size=400), 0.0)
    assert examined(sparse, DRAW.permutation(sparse)) == []
    (finding,) = examined(sparse, 30 * sparse)
    assert finding.severity is Severity.WARNING


def test_columns_without_spread_or_values_are_silent():
    assert examined(np.ones(50), np.ones(50)) == []
    assert examined(np.full(50, np.nan), NORMAL[:50]) == []


def test_small_splits_are_skipped():
    assert isinstance(examined(NORMAL[:50], NORMAL[:10])[0], Skipped)


def test_longer_texts_and_brighter_images_drift():
    draw = np.random.default_rng(0)
    said = [" ".join(["word"] * int(draw.integers(3, 9) + 3 * (at >= 240))) for at in range(400)]
    labels = column(draw.choice(["a", "b"], 400).tolist())
    (finding,) = InputShift().examine(dataset({"t": column(said), "y": labels}, {"t": Kind.TEXT}, shuffled=False))
    assert finding.severity is Severity.NOTE
    assert "the length of 't' by up to" in finding.seen
    pixels = draw.integers(0, 200, (400, 4, 4)) + 30 * (np.arange(400) >= 240)[:, None, None]
    (finding,) = InputShift().examine(dataset({"x": pixels, "y": labels}, {"x": Kind.IMAGE}, shuffled=False))
    assert "the brightness of 'x' by up to" in finding.seen
