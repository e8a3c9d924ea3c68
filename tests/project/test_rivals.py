import json
import shutil

import pytest

from kilter.project.consulting import looks
from kilter.project.rivals import compare_runs
from kilter.values.errors import DataError, UsageError


@pytest.fixture
def copy(trained, tmp_path):
    def make(name):
        shutil.copytree(trained.path, tmp_path / name)
        return tmp_path / name

    return make


def test_the_first_is_tested_against_each_of_the_others(trained, copy):
    rivals = compare_runs([trained.path, copy("b"), copy("c")])

    assert [(comparison.left, comparison.right) for comparison in rivals.comparisons] == [
        (trained.name, "b"),
        (trained.name, "c"),
    ]
    assert [evaluation.model for evaluation in rivals.evaluations] == [trained.name, "b", "c"]
    assert rivals.evaluations[1].measures == trained.evaluation("test").measures


def test_the_difference_is_called_as_in_the_runs_unless_they_call_it_differently(trained, copy):
    other = copy("b")
    assert compare_runs([trained.path, other]).comparisons[0].difference.name == "accuracy"

    path = other / "evaluation.json"
    path.write_text(path.read_text("utf-8").replace('"accuracy"', '"balanced accuracy"'), "utf-8")
    assert compare_runs([trained.path, other]).comparisons[0].difference.name == "share right"


def test_a_run_that_is_wrong_more_often_loses(trained, copy):
    worse = copy("worse")
    path = worse / "predictions" / "model.test.jsonl"
    header, *lines = path.read_text("utf-8").splitlines()
    wrong = [{**json.loads(line), "merit": 0.0} for line in lines]
    path.write_text("\n".join([header, *map(json.dumps, wrong)]) + "\n", "utf-8")
    (comparison,) = compare_runs([trained.path, worse]).comparisons

    assert comparison.winner == trained.name
    assert comparison.p_value < 0.01


def test_runs_of_one_name_are_told_apart_by_their_paths(trained, copy):
    twin = copy(trained.name)

    assert compare_runs([trained.path, twin]).comparisons[0].right == str(twin)


def test_one_run_twice_is_one_run(trained):
    with pytest.raises(UsageError, match="1 run to compare"):
        compare_runs([trained.path, trained.path])


def test_another_task_is_refused(trained, copy):
    other = copy("other")
    task = json.loads((other / "task.json").read_text("utf-8"))
    (other / "task.json").write_text(json.dumps({**task, "labels": ["a", "c"]}), "utf-8")

    with pytest.raises(UsageError, match="taught different things"):
        compare_runs([trained.path, other])


def test_a_split_that_was_not_predicted_is_refused_with_those_that_were(trained, copy):
    with pytest.raises(UsageError, match="there are those on test, valid"):
        compare_runs([trained.path, copy("b")], split="train")

    bare = copy("bare")
    shutil.rmtree(bare / "predictions")
    with pytest.raises(UsageError, match="it was not evaluated"):
        compare_runs([trained.path, bare])


def test_broken_predictions_are_said(trained, copy):
    broken = copy("broken")
    (broken / "predictions" / "model.test.jsonl").write_text("x", "utf-8")

    with pytest.raises(DataError, match=r"model\.test\.jsonl"):
        compare_runs([trained.path, broken])


def test_each_comparison_on_held_out_rows_is_a_look_at_them(copy):
    one, two = copy("b"), copy("c")
    before = looks(one).get("test", 0)
    compare_runs([one, two])
    compare_runs([one, two], split="valid")

    assert looks(one)["test"] == looks(two)["test"] == before + 1
    assert looks(one)["valid"] >= 1


def test_what_the_runs_took_stands_beside_the_comparison(trained, copy):
    (comparison,) = compare_runs([copy("b"), copy("c")]).comparisons

    assert comparison.left_effort.steps == trained.cost.steps
    assert comparison.right_effort.seconds == pytest.approx(trained.cost.seconds)
    assert comparison.detectable is not None


def test_groups_that_a_run_has_kept_are_resampled_as_wholes(copy):
    one, two = copy("b"), copy("c")
    ids = [
        json.loads(line)["id"] for line in (one / "predictions/model.test.jsonl").read_text("utf-8").splitlines()[1:]
    ]
    groups = {name: f"group {row // 3}" for row, name in enumerate(ids)}
    (one / "predictions" / "groups.test.json").write_text(json.dumps({"groups": groups}), "utf-8")

    assert compare_runs([one, two]).comparisons[0].clusters == len(set(groups.values()))


def test_two_ways_are_compared_by_runs_of_several_seeds(copy):
    (comparison,) = compare_runs([copy("b"), copy("c")], against=[copy("d"), copy("e"), copy("f")]).comparisons

    assert (comparison.left, comparison.right) == ("b and 1 more", "d and 2 more")
    assert (comparison.dominance.left_seeds, comparison.dominance.right_seeds) == (2, 3)
    assert comparison.difference.value == pytest.approx(0)
    assert comparison.right_effort.steps == 1.5 * comparison.left_effort.steps

    with pytest.raises(UsageError, match="1 training of 'i'"):
        compare_runs([copy("g"), copy("h")], against=[copy("i")])
    with pytest.raises(UsageError, match="of a single comparison"):
        compare_runs(["b", "c"], against=["d", "e"], correction="Holm")
