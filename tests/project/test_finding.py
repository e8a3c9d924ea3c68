"""The front door's finders: whatever a person has at hand, and the arguments in a person's units."""

import pytest

import kilter
from kilter.finders import batch_size, learning_rate
from kilter.project.finding import find_batch_size, find_learning_rate, subject_of
from kilter.testing.healthy.pipelines import over_numbers
from kilter.values.errors import UsageError
from kilter.values.pipeline import Pipeline
from kilter.values.program import Program

TRAINING = """\
import kilter


def make(seed):
    raise RuntimeError("never called")


program = kilter.Pipeline.from_loop(make)
"""


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "own_training.py"
    path.write_text(TRAINING, "utf-8")
    return f"{path}:program"


@pytest.fixture
def asked(monkeypatch):
    """What the finders below were asked."""
    said = []

    def find(subject, **options):
        said.append((subject, options))
        return "found"

    monkeypatch.setattr(batch_size, "find_batch_size", find)
    monkeypatch.setattr(learning_rate, "find_learning_rate", find)
    return said


def test_the_front_door_has_both():
    assert kilter.find_batch_size is find_batch_size
    assert kilter.find_learning_rate is find_learning_rate


def test_each_thing_that_a_person_has_is_a_training(make_project, tmp_path, own):
    project = make_project(tmp_path / "p")
    pipeline, program = over_numbers(), subject_of(own)

    assert isinstance(program, Program)
    assert subject_of(pipeline) is pipeline
    assert subject_of(program) is program
    for given in (project, project.path, str(project.folder)):
        assert isinstance(subject_of(given), Pipeline)
    assert subject_of(project.path, ["batch.size=7"]).recipe.batch.size == 7


def test_what_is_asked_for_arrives_in_bytes_and_with_the_seed_of_the_recipe(asked, make_project, tmp_path, own):
    project = make_project(tmp_path / "p", "train.seed=5")
    told = print

    assert (
        find_batch_size(project, memory="1.5GiB", effective=64, devices=2, most=32, speed=False, told=told) == "found"
    )
    assert find_batch_size(own, memory=1000) == "found"
    assert find_learning_rate(project, cost=0.5) == "found"
    assert find_learning_rate(own, seed=3) == "found"

    (_, first), (_, second), (_, third), (_, fourth) = asked
    assert first == {
        "budget": 3 * 2**29,
        "effective": 64,
        "devices": 2,
        "most": 32,
        "speed": False,
        "seed": 5,
        "told": told,
    }
    assert (second["budget"], second["seed"]) == (1000, 0)
    assert (third["cost"], third["seed"]) == (0.5, 5)
    assert (fourth["cost"], fourth["seed"]) == (1.0, 3)


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize("memory", ["4Gb5", "much", True, 0, -1, "0GB"])
def test_memory_that_is_no_size_is_refused(memory):
    with pytest.raises(UsageError, match="memory="):
        find_batch_size(over_numbers(), memory=memory)


@pytest.mark.parametrize("cost", [0, -1, float("nan")])
def test_a_search_that_may_cost_nothing_is_refused(cost):
    with pytest.raises(UsageError, match="whole trainings above 0"):
        find_learning_rate(over_numbers(), cost=cost)


def test_values_are_not_laid_over_what_has_no_file(own):
    for given in (own, over_numbers()):
        with pytest.raises(UsageError, match="without a project file"):
            subject_of(given, ["train.seed=3"])


def test_a_suggestion_can_be_read_as_it_is():
    found = find_batch_size(over_numbers(), most=16, speed=False)

    assert str(found).startswith("batch size 16; the largest that fits is 16")
    assert repr(found) == f"BatchSuggestion({found})"
