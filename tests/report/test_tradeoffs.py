"""The section on what every threshold brings."""

import json

from kilter.report.html import render_html
from kilter.report.terminal import render_terminal
from kilter.report.tradeoffs import tradeoff_section
from kilter.values.calibration import Threshold
from kilter.values.document import Document, Figure
from kilter.values.evaluation import Evaluation, Measures
from kilter.values.score import Score
from kilter.values.tradeoff import Operating, Tradeoff


def score(name, value, caution=None):
    return Score(name=name, value=value, low=value - 0.05, high=value + 0.04, n=200, caution=caution)


def tradeoff(label="rare", area=0.9, positives=20, caution=None):
    steps = ((0.9, 0.4, 0.0, 1.0), (0.31, 0.8, 0.02, 0.8), (0.1, 0.9, 0.2, 0.4), (0.01, 1.0, 1.0, 0.1))
    return Tradeoff(
        label=label,
        n=200,
        positives=positives,
        points=tuple(Operating(threshold=t, recall=r, false_alarms=f, precision=p) for t, r, f, p in steps),
        roc_auc=score("roc_auc", area, caution),
        average_precision=score("average_precision", area - 0.1),
    )


CHOSEN = (
    Threshold(goal="largest f1", label="rare", value=0.3, chosen_on="valid"),
    Threshold(goal="recall at precision >= 0.99", label="rare", value=None, chosen_on="valid", undefined="too few"),
)


def evaluated(*tradeoffs, thresholds=()):
    measures = Measures(scores=(score("accuracy", 0.8),))
    return Evaluation(model="model", split="test", measures=measures, tradeoffs=tradeoffs, thresholds=thresholds)


def figures(*tradeoffs, thresholds=()):
    section = tradeoff_section(evaluated(*tradeoffs, thresholds=thresholds))
    return [block for block in section if isinstance(block, Figure)]


def test_without_curves_there_is_no_section():
    assert list(tradeoff_section(evaluated(thresholds=CHOSEN))) == []


def test_the_curve_of_one_class_is_said_in_words():
    roc, precise = figures(tradeoff())
    assert roc.says == (
        "For 'rare', 20 of 200 examples of the test split, the area is 0.900 [0.850, 0.940], where chance makes 0.5;"
        " found are 60.0 % at 1 % and 84.4 % at 10 % false alarms."
    )
    assert precise.says == (
        "For 'rare', 20 of 200 examples of the test split, average precision is 0.800 [0.750, 0.840], where chance"
        " makes 0.100; precision is 0.800 where 50 % are and 0.400 where 90 % are found."
    )


def test_curves_begin_where_nothing_is_let_through():
    roc, precise = figures(tradeoff())
    chance, curve = roc.spec["data"]
    assert (curve["x"], curve["y"]) == ([0.0, 0.0, 0.02, 0.2, 1.0], [0.0, 0.4, 0.8, 0.9, 1.0])
    assert (chance["x"], chance["y"]) == ([0, 1], [0, 1])
    chance, curve = precise.spec["data"]
    assert (curve["x"], curve["y"]) == ([0.0, 0.4, 0.8, 0.9, 1.0], [1.0, 1.0, 0.8, 0.4, 0.1])
    assert chance["y"] == [0.1, 0.1]


def test_chosen_thresholds_are_marked_beside_what_is_decided_without():
    roc, precise = figures(tradeoff(), thresholds=CHOSEN)
    assert roc.says.endswith("Marked are the thresholds of the table above, and what is decided without.")
    assert (roc.spec["data"][2]["x"], roc.spec["data"][2]["y"]) == ([0.0, 0.02], [0.4, 0.8])
    assert (precise.spec["data"][2]["x"], precise.spec["data"][2]["y"]) == ([0.4, 0.8], [1.0, 0.8])
    assert roc.spec["data"][2]["hovertext"] == [
        "as decided, from 0.5: recall 0.400, precision 1.000",
        "largest f1, from 0.3: recall 0.800, precision 0.800",
    ]


def test_several_classes_have_a_table_and_the_ends_are_said():
    heading, roc, precise, grid = tradeoff_section(
        evaluated(tradeoff("a", 0.8), tradeoff("b", 0.95, positives=80, caution="too narrow"))
    )
    assert heading.anchor == "roc"
    assert "areas lie between 0.800 [0.750, 0.840] ('a') and 0.950 [0.900, 0.990]† ('b')" in roc.says
    assert roc.says.startswith("For each of 2 classes against all else, on the test split")
    assert "† roc_auc: too narrow." in roc.says
    assert "('a') and 0.850 [0.800, 0.890] ('b')" in precise.says
    assert [trace["y"] for trace in precise.spec["data"][:2]] == [[0.1, 0.1], [0.4, 0.4]]
    assert grid.rows[1] == ("b", "80", "0.950 [0.900, 0.990]†", "0.850 [0.800, 0.890]", "0.400")


def test_it_is_rendered_on_paper():
    blocks = tuple(tradeoff_section(evaluated(tradeoff("<b>"), tradeoff("other"), thresholds=CHOSEN)))
    for block in blocks:
        if isinstance(block, Figure):
            json.dumps(dict(block.spec), allow_nan=False)
    document = Document(title="run", blocks=blocks)
    assert "precision-recall" in render_terminal(document)
    assert "<b>'" not in render_html(document)
