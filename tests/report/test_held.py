from kilter.report.held import held_section, ruling
from kilter.values.evaluation import Evaluation, Measures
from kilter.values.score import Score


def share(value, low, high, *, meant=0.9, name="within_90"):
    return Score(name=name, value=value, low=low, high=high, n=1000, meant=meant)


def evaluation(*scores):
    error = Score(name="mae", value=3.0, low=2.0, high=4.0, n=1000, larger_is_better=False)
    return Evaluation(model="model", split="test", measures=Measures(scores=(error, *scores)))


def test_a_share_is_ruled_by_its_interval():
    assert ruling(share(0.85, 0.83, 0.87), 0.9) == "too narrow"
    assert ruling(share(0.95, 0.93, 0.96), 0.9) == "too wide"
    assert ruling(share(0.89, 0.87, 0.91), 0.9).startswith("as it should")
    assert ruling(Score(name="within_90", value=None, low=None, high=None, n=0, undefined="none"), 0.9) == "not known"


def test_each_interval_has_a_row_with_its_width():
    width = Score(name="width_90", value=12.0, low=11.0, high=13.0, n=1000, larger_is_better=False)
    inner = share(0.3, 0.27, 0.33, meant=0.5, name="within_50")
    heading, grid = held_section(evaluation(share(0.89, 0.87, 0.91), width, inner))

    assert heading.text == "What its intervals hold"
    assert [row[:2] for row in grid.rows] == [("the middle 90 %", "0.9"), ("the middle 50 %", "0.5")]
    assert [row[2].split()[0] for row in grid.rows] == ["0.890", "0.300"]
    assert [row[3] for row in grid.rows] == ["12.00 [11.00, 13.00]", "–"]
    assert grid.rows[1][4] == "too narrow"
    assert "1,000 examples of the test split" in grid.caption


def test_nothing_is_said_of_amounts_without_quantiles():
    assert list(held_section(evaluation())) == []
