"""Labels that are probably wrong, from a project or a pipeline to the suspects."""

import numpy as np
import pytest
import torch

import kilter
from kilter.project.suspecting import find_label_noise
from kilter.testing.healthy.pipelines import of_amounts, over_numbers
from kilter.values.errors import TrainingError, UsageError

SETTINGS = """\
name: planted
task: classification
data: {{train: rows.csv, target: label{more}}}
model: {{name: mlp, width: 8}}
batch: {{size: 16}}
train: {{length: 6ep}}
baselines: {baselines}
"""
WRONG = (20, 61, 102, 143, 184)


def rows(*, wrong=WRONG, copies=(), groups=False, n=240):
    """Two classes that a number tells apart; some labels are changed, some rows are copies of others."""
    lines = ["x,z,label,who" if groups else "x,z,label"]
    for i in range(n):
        at = dict(copies).get(i, i)
        x, label = (at * 37 % 101) / 100, (at * 37 % 101) > 50
        label ^= i in wrong
        lines.append(f"{x},{(at * 53 % 89) / 100},{'ab'[label]}" + (f",p{i // 8}" if groups else ""))
    return "\n".join([*lines, ""])


def settings(*, more="", baselines="[majority, linear]"):
    return SETTINGS.format(more=more, baselines=baselines)


def ids(noise):
    return [suspect.id for suspect in noise.suspects]


def lines_of(numbers):
    return {f"rows.csv:{number + 2}" for number in numbers}


@pytest.fixture
def planted(make_project, tmp_path):
    return make_project(tmp_path, "data.split={valid: 0, test: 0}", rows=rows(), settings=settings())


def test_changed_labels_come_first(planted):
    noise = find_label_noise(planted)

    clear = {number for number in WRONG if abs(number * 37 % 101 - 50.5) > 12}  # the others lie beside the border
    assert set(ids(noise)[: len(clear)]) == lines_of(clear)
    first = noise.suspects[0]
    assert {first.given, first.likely} == {"a", "b"}
    assert first.given_probability < 0.2
    assert first.likely_probability > 0.8
    assert first.inputs.startswith("x: ")
    assert noise.answered_by == "linear"
    assert noise.rate.low <= noise.rate.value <= noise.rate.high
    assert "confidently wrong" in noise.rate.caution
    assert noise.agreement.n == noise.rate.n == 240


def test_right_labels_leave_nearly_none(make_project, tmp_path):
    project = make_project(tmp_path, "data.split={valid: 0, test: 0}", rows=rows(wrong=()), settings=settings())

    assert len(find_label_noise(project).suspects) <= 3


def test_it_is_a_function_of_the_seed_and_leaves_random_states(planted):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    once, again = find_label_noise(planted), find_label_noise(planted)

    assert once == again
    assert torch.equal(torch.rand(3), expected)


def test_the_network_answers_where_it_is_asked(planted):
    told = []
    noise = find_label_noise(planted, by="network", folds=3, told=told.append)

    assert noise.answered_by == "network"
    assert told == [f"fold {fold} of 3, network" for fold in (1, 2, 3)]
    assert noise.agreement.value > 0.6


def test_cleanlab_picks_where_it_is_asked(planted):
    pytest.importorskip("cleanlab")
    noise = find_label_noise(planted, cleanlab=True)

    assert noise.found_by == "cleanlab"
    assert lines_of({102, 143}) & set(ids(noise))


def test_copies_of_a_row_do_not_vouch_for_its_label(make_project, tmp_path):
    copies = [(20, 102), (61, 102), (184, 102)]  # four equal rows, all with the wrong label
    text = rows(wrong=(102, 20, 61, 184), copies=copies)
    project = make_project(
        tmp_path, "data.split={valid: 0, test: 0}", rows=text, settings=settings(baselines="[nearest]")
    )

    assert lines_of((102, 20, 61, 184)) <= set(ids(find_label_noise(project, by="nearest")))


def test_groups_stay_together(make_project, tmp_path, monkeypatch):
    from kilter.project import suspecting

    given = []

    def remembered(ties, strata, *, folds, seed=0):
        given.append(np.asarray(ties))
        return real(ties, strata, folds=folds, seed=seed)

    real = suspecting.assign_folds
    monkeypatch.setattr(suspecting, "assign_folds", remembered)
    project = make_project(
        tmp_path,
        "data.split={valid: 0, test: 0}",
        rows=rows(groups=True),
        settings=settings(more=", group: who"),
    )
    find_label_noise(project)

    (ties,) = given
    for group in range(30):
        assert len(set(ties[8 * group : 8 * group + 8].tolist())) == 1


def test_a_class_with_fewer_rows_than_folds_is_not_judged(make_project, tmp_path):
    text = rows() + "0.5,0.5,c\n0.51,0.52,c\n"
    project = make_project(tmp_path, "data.split={valid: 0, test: 0}", rows=text, settings=settings())
    noise = find_label_noise(project)

    assert noise.unjudged == (("c", 2),)
    assert noise.rate.n == 240
    assert "c" not in {suspect.likely for suspect in noise.suspects}


def test_a_pipeline_is_answered_by_its_network():
    pipeline = over_numbers()
    noise = kilter.find_label_noise(pipeline, folds=3)

    assert noise.answered_by == "network"
    assert noise.rate.n == len(pipeline.splits["train"])
    grouped = kilter.find_label_noise(
        pipeline, folds=3, groups={name: row // 4 for row, name in enumerate(pipeline.splits["train"].ids)}
    )
    assert grouped.agreement.n == noise.agreement.n


def test_a_network_that_cannot_be_trained_is_said():
    with pytest.raises(TrainingError, match="could not be trained"):
        kilter.find_label_noise(over_numbers(optimizer={"learning_rate": 1e30}), folds=2)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"by": "liner"}, "did you mean 'linear'"),
        ({"by": "majority"}, "by='majority'"),
        ({"folds": 1000}, "1000 folds of 240 rows"),
        ({"groups": {}}, "data.group"),
        ({"overrides": ["train.seed=3"]}, "read_project"),
    ],
)
def test_what_cannot_be_asked_is_refused(planted, options, said):
    with pytest.raises(UsageError, match=said):
        find_label_noise(planted, **options)


def test_a_pipeline_has_no_columns_for_baselines():
    with pytest.raises(UsageError, match="baselines read the columns of a project"):
        find_label_noise(over_numbers(), by="linear")


def test_targets_that_are_no_class_are_refused():
    with pytest.raises(UsageError, match="one of several classes"):
        find_label_noise(of_amounts())


def test_a_project_whose_baselines_learn_nothing_says_what_else_there_is(make_project, tmp_path):
    project = make_project(tmp_path, rows=rows(), settings=settings(baselines="[majority]"))

    with pytest.raises(UsageError, match="there are linear, boosted"):
        find_label_noise(project)
