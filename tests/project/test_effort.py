import json
import shutil

import pytest

from kilter.project.effort import effort_of
from kilter.project.folder import load_run, write_json, write_status
from kilter.values.rate_suggestion import RateProbe, RateSuggestion
from kilter.values.run import Stage


@pytest.fixture
def runs(ran, tmp_path):
    """Makes runs beside each other: the same, with values of their settings changed."""

    def make(name, **changed):
        folder = tmp_path / "runs" / name
        shutil.copytree(ran.path, folder)
        path = folder / "config.json"
        config = json.loads(path.read_text("utf-8"))
        for section, values in changed.items():
            config[section] = {**config[section], **values}
        path.write_text(json.dumps(config), "utf-8")
        return folder

    return make


def test_one_training_is_one_setting_with_its_cost(runs):
    folder = runs("a")
    cost = load_run(folder).cost
    made = effort_of(folder)

    assert (made.trials, made.steps) == (1, cost.steps)
    assert made.seconds == pytest.approx(cost.seconds)


def test_another_seed_is_no_other_setting_and_costs_all_the_same(runs):
    folder = runs("a")
    runs("b", train={"seed": 7}, origin={"project": "elsewhere"})
    made = effort_of(folder)

    assert (made.trials, made.steps) == (1, 2 * load_run(folder).cost.steps)


def test_another_setting_is_one_more(runs):
    folder = runs("a")
    runs("b", optimizer={"lr": 0.5})
    runs("c", optimizer={"lr": 0.25})

    assert effort_of(folder).trials == 3


def test_short_trainings_that_found_a_rate_were_tried_too(runs):
    folder = runs("a")
    before = effort_of(folder)
    probes = tuple(RateProbe(rate=rate, steps=5, seed=seed, loss=0.5) for rate in (0.1, 0.2) for seed in (0, 1))
    found = RateSuggestion(rate=0.1, low=0.1, high=0.2, probes=probes, cost=0.5, length=30, stable=True)
    write_json(folder / "learning_rate.json", found)
    stages = (*load_run(folder).stages, Stage(name="learning-rate", status="done", seconds=40.0, summary=""))
    write_status(folder, "done", stages)
    made = effort_of(folder)

    assert (made.trials, made.steps) == (3, before.steps + 20)
    assert made.seconds == pytest.approx(before.seconds + 40)


def test_a_training_that_did_not_end_does_not_count(runs):
    folder, other = runs("a"), runs("b", optimizer={"lr": 0.5})
    (other / "cost.json").unlink()

    assert effort_of(folder).trials == 1
    (folder / "cost.json").write_text("{", "utf-8")
    assert effort_of(folder) is None


def test_the_efforts_stand_beside_the_comparisons(ran):
    by_name = {comparison.right: comparison for comparison in ran.comparisons}

    assert by_name["linear"].left_effort.steps == ran.cost.steps
    assert by_name["linear"].right_effort.trials == 3
    assert by_name["majority"].right_effort.trials == 0
    assert by_name["linear"].right_effort.seconds > 0
    assert by_name["linear"].compared == 2
    assert by_name["linear"].detectable.difference > 0
