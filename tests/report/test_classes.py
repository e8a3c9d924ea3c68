from __future__ import annotations

from dataclasses import replace

from kilter.report.classes import CHARTED_CLASSES, EXAMPLES_IN_CELL, MOST_CLASSES, class_section, confusion_section
from kilter.values.document import Figure, Grid
from kilter.values.evaluation import ClassScores, Confusion, Evaluation, Measures, Mistake
from kilter.values.score import Score


def parts(blocks):
    blocks = list(blocks)
    return [b for b in blocks if isinstance(b, Figure)], [b for b in blocks if isinstance(b, Grid)]


def evaluation(counts, labels, mistakes=()):
    score = Score(name="accuracy", value=0.5, low=None, high=None, n=1)
    measures = Measures(scores=(score,), confusion=Confusion(labels=labels, counts=counts))
    return Evaluation(model="model", split="test", measures=measures, mistakes=mistakes)


def test_classes_stand_the_worst_first(languages):
    (figure,), (grid,) = parts(class_section(languages.evaluation("test")))
    values = [float(row[-1].split()[0]) for row in grid.rows]
    assert values == sorted(values)
    assert len(values) == 16
    assert figure.says.startswith(f"The worst is {grid.rows[0][0]} with F1 {values[0]:.3f}")


def test_of_many_classes_the_worst_are_charted_and_all_are_in_the_table(intents):
    (figure,), (grid,) = parts(class_section(intents.evaluation("test")))
    assert len(figure.spec["data"][0]["x"]) == CHARTED_CLASSES
    assert figure.title.startswith("F1 of the 30 worst of 77 classes")
    assert len(grid.rows) == 77


def test_a_class_without_a_score_comes_first_and_says_why(languages):
    trained = languages.evaluation("test")
    none = Score(name="F1", value=None, low=None, high=None, n=0, undefined="nobody is of class x")
    classes = (*trained.measures.classes, ClassScores(label="x", support=0, scores=(none, none, none)))
    (figure,), (grid,) = parts(class_section(replace(trained, measures=replace(trained.measures, classes=classes))))
    assert grid.rows[0] == ("x", "0", "undefined", "undefined", "undefined")
    assert grid.caption.endswith("Undefined F1: nobody is of class x.")
    assert len(figure.spec["data"][0]["x"]) == 16


def test_without_classes_there_is_nothing(regression):
    trained = regression.evaluation("test")
    assert (list(class_section(trained)), list(confusion_section(trained))) == ([], [])


def test_pairs_are_counted_and_shared_by_the_class():
    (figure,), (grid,) = parts(confusion_section(evaluation(((6, 2, 0), (1, 9, 0), (0, 3, 0)), ("a", "b", "c"))))
    assert grid.rows == (
        ("c", "b", "3", "100.0 %", "–"),
        ("a", "b", "2", "25.0 %", "–"),
        ("b", "a", "1", "10.0 %", "–"),
    )
    assert figure.says == "6 of 21 examples (28.6 %) were taken for another class, most often c for b (3)."


def test_a_cell_leads_to_its_examples():
    mistakes = tuple(
        Mistake(id=f"x:{row}", inputs=f"text {row}", target="a", decided="b", cost=9.0 - row) for row in range(8)
    )
    (figure,), (grid,) = parts(confusion_section(evaluation(((0, 9), (1, 1)), ("a", "b"), mistakes)))
    cells = figure.spec["data"][0]["customdata"]
    assert cells[0][1]["title"] == "a taken for b: 9 examples, 100.0 % of the class; the 5 most costly"
    assert cells[0][1]["rows"][0] == ["x:0", "text 0", "cost 9.000"]
    assert len(cells[0][1]["rows"]) == EXAMPLES_IN_CELL
    assert cells[1][0] == {"title": "b taken for a: 1 example, 50.0 % of the class", "rows": []}
    assert cells[0][0] is cells[1][1] is None
    assert grid.rows[0][-1] == "text 0 (x:0); text 1 (x:1); text 2 (x:2)"


def test_no_mistakes_and_too_many_classes():
    (figure,), grids = parts(confusion_section(evaluation(((2, 0), (0, 3)), ("a", "b"))))
    assert figure.says == "0 of 5 examples (0.0 %) were taken for another class."
    assert grids == []
    size = MOST_CLASSES + 1
    counts = tuple(tuple(1 for _ in range(size)) for _ in range(size))
    figures, (grid,) = parts(confusion_section(evaluation(counts, tuple(map(str, range(size))))))
    assert figures == []
    assert "the first 15 of 22,650" in grid.caption


def test_classes_are_put_in_order_by_f1_whatever_stands_behind_it():
    def of(label, f1, precision):
        scores = (
            Score(name="f1", value=f1, low=None, high=None, n=9),
            Score(name="average_precision", value=precision, low=None, high=None, n=9),
        )
        return ClassScores(label=label, support=3, scores=scores)

    lead = Score(name="micro_f1", value=0.5, low=None, high=None, n=9)
    classes = (of("a", 0.9, 0.1), of("b", 0.2, 0.8), of("c", 0.5, 0.5))
    found = Evaluation(model="model", split="test", measures=Measures(scores=(lead,), classes=classes))
    (figure,), (grid,) = parts(class_section(found))
    assert [row[0] for row in grid.rows] == ["b", "c", "a"]
    assert figure.says.startswith("The worst is b with f1 0.200")
