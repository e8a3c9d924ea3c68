"""The sections on calibration and thresholds."""

import json

import pytest

from kilter.report.calibration import calibration_section, threshold_section
from kilter.report.html import render_html
from kilter.report.terminal import render_terminal
from kilter.values.calibration import Bin, Calibration, Cooled, Deviation, Threshold
from kilter.values.document import Document, Figure
from kilter.values.evaluation import ClassScores, Evaluation, Measures
from kilter.values.score import Score


def score(name, value, n=100, *, larger=True, spread=0.05):
    return Score(name=name, value=value, low=value - spread, high=value + spread, n=n, larger_is_better=larger)


def bin_of(low, high, n, confidence=None, share=None):
    none = Score(name="share right", value=None, low=None, high=None, n=0, undefined="nobody")
    return Bin(
        low=low, high=high, n=n, confidence=confidence, right=none if share is None else score("right", share, n)
    )


def deviation(value, name="ece", low=0.01, high=0.03):
    return Deviation(name=name, value=value, null_low=low, null_high=high, p_value=0.001 if value > high else 0.4)


def calibrated(*values, cooled=None):
    return Calibration(
        n=200,
        bins=(bin_of(0.0, 0.5, 0), bin_of(0.5, 0.9, 50, 0.7, 0.72), bin_of(0.9, 1.0, 150, 0.98, 0.8)),
        deviations=tuple(map(deviation, values, ("ece", "ece_equal_mass"))),
        brier=score("brier", 0.2, larger=False),
        log_loss=score("log_loss", 0.9, larger=False),
        cooled=cooled,
    )


COOLED = Cooled(
    temperature=2.125,
    fitted_on="valid",
    deviations=(deviation(0.02), deviation(0.021, "ece_equal_mass")),
    brier=score("brier", 0.15, larger=False),
    log_loss=score("log_loss", 0.6, larger=False),
)


def evaluated(calibration=None, thresholds=()):
    classes = (ClassScores(label="rare", support=20, scores=(score("precision", 0.9), score("recall", 0.06))),)
    measures = Measures(scores=(score("accuracy", 0.8),), classes=classes)
    return Evaluation(model="model", split="test", measures=measures, calibration=calibration, thresholds=thresholds)


def test_without_calibration_or_thresholds_there_is_no_section():
    assert list(calibration_section(evaluated())) == []
    assert list(threshold_section(evaluated())) == []


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ((0.12, 0.13), "They cannot be read as they are."),
        ((0.12, 0.02), "a small deviation, if any"),
        ((0.12, 0.035), "That is a small deviation."),
        ((0.02, 0.02), "nothing speaks against reading them as they are"),
    ],
)
def test_the_error_is_said_beside_its_null_band(values, said):
    paragraph = list(calibration_section(evaluated(calibrated(*values))))[1]
    assert f"differ by {values[0]:.3f} in the mean" in paragraph.text
    assert "that would be 0.010 to 0.030." in paragraph.text
    assert said in paragraph.text
    assert "temperature" not in paragraph.text


def test_the_diagram_leaves_empty_bins_out_and_has_wilsons_bars():
    diagram = list(calibration_section(evaluated(calibrated(0.12, 0.13))))[2]
    line, points = diagram.spec["data"]
    assert (list(line["x"]), list(line["y"])) == ([0, 1], [0, 1])
    assert list(points["x"]) == [0.7, 0.98]
    assert list(points["error_y"]["array"]) == pytest.approx([0.05, 0.05])
    assert "In 1 of 2 bins" in diagram.says
    assert "farthest between 0.9 and 1: 0.980 is said, and 0.800 [0.750, 0.850] are right" in diagram.says


def test_the_histogram_parts_right_from_wrong():
    shown = list(calibration_section(evaluated(calibrated(0.12, 0.13))))[3]
    right, wrong = shown.spec["data"]
    assert list(right["y"]) == [0, 36, 120, 120]
    assert list(wrong["y"]) == [0, 14, 30, 30]
    assert list(right["x"]) == [0.0, 0.5, 0.9, 1.0]
    assert shown.says == (
        "75.0 % of decisions on the test split have a probability of 0.9 or more; 30 of them are wrong, of 44 wrong"
        " decisions in all."
    )


def test_errors_stand_before_and_after_the_temperature():
    *_, grid = calibration_section(evaluated(calibrated(0.12, 0.13, cooled=COOLED)))
    assert grid.columns[4:] == ("cooled", "then chance")
    assert "Cooled: logits divided by 2.125, the temperature that makes the log-loss of the valid split" in grid.caption
    first, _, brier, loss = grid.rows
    assert first == ("ECE, equal width", "0.120", "0.010 to 0.030", "0.001", "0.020", "0.010 to 0.030")
    assert (brier[0], brier[1], brier[4]) == ("brier", "0.200 [0.150, 0.250]", "0.150 [0.100, 0.200]")
    assert loss[4] == "0.600 [0.550, 0.650]"
    *_, without = calibration_section(evaluated(calibrated(0.12, 0.13)))
    assert {len(row) for row in without.rows} == {len(without.columns)} == {4}


CHOSEN = (
    Threshold(goal="largest f1", label="rare", value=0.18, chosen_on="valid", scores=(score("recall", 0.7),)),
    Threshold(
        goal="recall at precision >= 0.9", label="rare", value=None, chosen_on="valid", undefined="no such threshold"
    ),
)


def test_thresholds_stand_beside_what_is_decided_without():
    heading, grid = threshold_section(evaluated(thresholds=CHOSEN))
    assert heading.anchor == "thresholds"
    assert grid.columns == ("class", "goal", "from", "recall")
    assert grid.rows == (
        ("rare", "as decided", "0.5", "0.060 [0.010, 0.110]"),
        ("rare", "largest f1", "0.18", "0.700 [0.650, 0.750]"),
        ("rare", "precision >= 0.9", "–", "–"),
    )
    assert "Of thresholds that reach a precision it is the one with the largest recall." in grid.caption
    assert "Chosen on the valid split, scores on the test split" in grid.caption
    assert "Out of reach: recall at precision >= 0.9: no such threshold." in grid.caption


def test_the_cost_without_a_threshold_stands_in_the_first_row():
    costs = (score("mean cost", 0.3), score("mean cost as decided", 0.9))
    cheap = Threshold(goal="smallest cost", label="rare", value=0.1, chosen_on="valid", scores=costs)
    _, grid = threshold_section(evaluated(thresholds=(cheap,)))
    assert grid.columns[3:] == ("mean cost",)
    assert [row[3] for row in grid.rows] == ["0.900 [0.850, 0.950]", "0.300 [0.250, 0.350]"]


def test_every_paper_takes_them():
    blocks = [
        *threshold_section(evaluated(thresholds=CHOSEN)),
        *calibration_section(evaluated(calibrated(0.12, 0.13, cooled=COOLED))),
    ]
    document = Document(title="run", blocks=tuple(blocks))
    assert "equal mass" in render_terminal(document, width=140, colour=False)
    page = render_html(document)
    assert "share right" in page
    for block in blocks:
        if isinstance(block, Figure):
            json.dumps({"data": [dict(trace) for trace in block.spec["data"]]}, allow_nan=False, default=dict)
