from functools import partial

import numpy as np
import pytest

from kilter.models.baselines import BASELINES, make_baseline
from kilter.models.estimators import fit_linear
from kilter.models.lesson import Lesson
from kilter.models.several_outputs import EachLabel, EachTask
from kilter.values.errors import UsageError
from kilter.values.table import Field, Kind, Schema, Table

NOT = float("nan")
INPUTS = (Field(name="x", kind=Kind.NUMBER), Field(name="z", kind=Kind.NUMBER))
FLAGS = Schema(inputs=INPUTS, target="a, b, c", target_kind=Kind.AMOUNTS)
JOINED = (Field(name="k", kind=Kind.CATEGORY), Field(name="y", kind=Kind.NUMBER))
RECORD = Schema(inputs=INPUTS, target="k, y", target_kind=Kind.RECORD, joined=JOINED)


def table(rows=120, seed=0, **columns):
    draw = np.random.default_rng(seed)
    given = {"x": draw.normal(size=rows), "z": draw.normal(size=rows)}
    return Table(columns={**given, **columns}, ids=tuple(f"t.csv:{row}" for row in range(rows)))


def flags(of):
    x, z = of.columns["x"], of.columns["z"]
    made = np.stack([x > 0, z > 0.5, np.ones(len(of))], axis=1).astype(float)
    made[::5, 0] = NOT
    return made


def test_each_label_is_learnt_from_the_rows_where_it_is_known():
    train, test = table(), table(seed=1)
    baseline = make_baseline("linear-labels", FLAGS, ("a", "b", "c"), seed=0)
    baseline.fit(Lesson(train, flags(train), test, flags(test)))
    answer = baseline.answer(test)

    truth = flags(test)
    known = ~np.isnan(truth)
    assert answer.shape == (120, 3)
    assert ((answer >= 0.5) == truth)[known].mean() > 0.9
    assert (answer[:, 2] == 1.0).all()


def test_without_an_estimator_each_label_has_its_share_weighed_by_row():
    weighed = Schema(inputs=INPUTS, target="a, b, c", target_kind=Kind.AMOUNTS, weight="w")
    train = table(4, w=np.array([1.0, 1.0, 2.0, 0.0]))
    baseline = make_baseline("majority-labels", weighed, ("a", "b", "c"), seed=0)
    baseline.fit(Lesson(train, np.array([[1.0, 0.0, NOT], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])))

    assert baseline.answer(table(2)).tolist() == [[0.75, 0.0, pytest.approx(1 / 3)]] * 2


def test_of_each_label_alone_it_is_the_estimator_of_two_classes():
    train = table()
    targets = flags(train)[:, 1:2]
    whole = EachLabel(FLAGS, 1, 0, fit=fit_linear)
    whole.fit(Lesson(train, targets))
    alone = make_baseline("linear", FLAGS, ("no", "yes"), seed=0)
    alone.fit(Lesson(train, targets[:, 0].astype(int)))

    assert whole.answer(train)[:, 0] == pytest.approx(alone.answer(train)[:, 1])


def test_each_task_has_its_own_model_and_its_own_rows():
    train = table()
    x = train.columns["x"]
    targets = np.stack([(x > 0).astype(float), 3 * x + 1], axis=1)
    targets[::4, 0], targets[1::4, 1] = NOT, NOT
    for name, right in (("constant-tasks", 0.4), ("linear-tasks", 0.9)):
        baseline = make_baseline(name, RECORD, (), seed=0)
        baseline.fit(Lesson(train, targets, train, targets))
        answer = baseline.answer(train)
        assert answer.shape == (120, 3)
        assert answer[:, :2].sum(axis=1) == pytest.approx(1)
        assert ((answer[:, 1] > 0.5) == (x > 0)).mean() > right
    assert answer[:, 2] == pytest.approx(3 * x + 1, abs=0.2)
    known = ~np.isnan(targets[:, 1])
    constant = make_baseline("constant-tasks", RECORD, (), seed=0)
    constant.fit(Lesson(train, targets))
    assert constant.answer(train)[0, 2] == pytest.approx(targets[known, 1].mean())


@pytest.mark.parametrize("made", [EachLabel(FLAGS, 2, 0), EachTask(RECORD, 0, 0, make=partial(EachLabel, fit=None))])
def test_targets_of_another_form_are_refused(made):
    with pytest.raises(UsageError, match="one column a"):
        made.fit(Lesson(table(), np.zeros(120)))


def test_all_of_them_stand_in_the_catalogue():
    assert {"majority-labels", "linear-labels", "boosted-labels", "constant-tasks", "linear-tasks"} <= set(BASELINES)
