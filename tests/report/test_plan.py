import math

import pytest

from kilter.report.plan import HEIGHT, drawn, plan_grid
from kilter.values.plan import Mark, Plan


def made(*, rate=lambda share: 1 - share, steps=100, highest=0.01, marks=(), endless=False, **others):
    at = tuple(range(1, steps + 1))
    facts = {
        "rows": 200,
        "rows_an_epoch": 200,
        "batches": 40,
        "smallest": 5,
        "largest": 5,
        "tokens": None,
        "accumulate": 4,
        "steps_per_epoch": 10,
        "steps": None if endless else steps,
        "epochs": None if endless else steps / 10,
        "length": "20min" if endless else f"{steps}st",
        "schedule": "linear",
    }
    rates = tuple(highest * rate((step - 1) / max(1, steps - 1)) for step in at)
    return Plan(**{**facts, **others}, at=at, rates=rates, marks=tuple(marks))


def told(plan, **sizes):
    return dict(plan_grid(plan, sizes=sizes or None).rows)


def heights(lines):
    """How high each column of a drawn curve is, in eighths of a line."""
    curve = [line.split("┤", 1)[1].ljust(200) for line in lines[1 : 1 + HEIGHT]]
    return [sum(" ▁▂▃▄▅▆▇█".index(line[column]) for line in curve) for column in range(len(curve[0]))]


def test_the_table_multiplies_from_rows_to_steps():
    facts = told(made(marks=[Mark(step=20, text="warm-up ends"), Mark(step=100, text="end")]), train=200, valid=50)
    assert facts["rows"] == "train 200, valid 50"
    assert facts["a batch"] == "5 rows; 40 an epoch"
    assert facts["a step"] == "4 batches, 20 rows on average"
    assert facts["an epoch"] == "10 steps"
    assert facts["the run"] == "100 steps, 10 epochs"
    assert facts["learning rate"] == "linear, 0.01 at the highest"
    assert facts["at step 20"].endswith(", warm-up ends")
    assert facts["at step 100"] == "0, end"


def test_what_is_otherwise_is_said():
    facts = told(made(rows_an_epoch=180, smallest=3, largest=9, tokens=512, accumulate=1))
    assert facts["rows an epoch"].startswith("180")
    assert facts["a batch"] == "3 to 9 rows, at most 512 tokens with their padding; 40 an epoch"
    assert facts["a step"] == "1 batch, 18 rows on average"
    assert told(made(endless=True))["the run"] == "ends by the clock, after 20min"


@pytest.mark.parametrize("width", [40, 80, 100])
def test_the_curve_is_as_high_as_its_rates(width):
    lines = drawn(made(rate=lambda share: math.sin(math.pi * share)), width=width)
    assert len(lines) <= 12
    assert max(map(len, lines)) <= width
    columns = width - len("epoch") - 2
    for column, height in enumerate(heights(lines)[:columns]):
        expected = 8 * HEIGHT * math.sin(math.pi * column / (columns - 1))
        assert height == pytest.approx(expected, abs=1)


def test_turns_stand_below_their_step():
    lines = drawn(made(marks=[Mark(step=41, text="cooldown begins"), Mark(step=100, text="end")]), width=87)
    rule, texts, steps, epochs = lines[-4:]
    place = rule.index("┴")
    assert place == 7 + round(40 * 79 / 99)
    start = texts.index("cooldown begins")
    assert start < place < start + len("cooldown begins")
    assert "41" in steps[place - 2 : place + 2]
    assert steps.split() == ["step", "1", "41", "100"]
    assert epochs.split() == ["epoch", "0", "2", "4", "6", "8", "10"]
    assert texts.endswith("end")


def test_labels_never_touch_and_those_of_the_ends_are_never_left_out():
    marks = [Mark(step=step, text="warm-up ends") for step in range(2, 100, 3)]
    lines = drawn(made(marks=[*marks, Mark(step=100, text="end")]), width=60)
    assert lines[-2].split()[1] == "1"
    assert lines[-2].split()[-1] == "100"
    assert max(map(len, lines)) <= 60
    assert "endswarm" not in lines[-3]


def test_a_run_of_one_step_is_drawn():
    lines = drawn(made(steps=1, steps_per_epoch=1, rate=lambda _: 1.0), width=40)
    assert len(lines) <= 12


def test_without_turns_there_is_no_line_for_them():
    assert len(drawn(made(endless=True))) == len(drawn(made(marks=[Mark(step=9, text="turn")]))) - 1
