from kilter.cli.plan import plan_of, plan_text
from kilter.project.reading import read_project


def test_a_plan_is_the_arithmetic_of_the_run(small_file):
    planned = plan_of(read_project(small_file, ["batch.size=32", "train.length=5ep", "schedule=cosine"]))
    rates = planned["learning_rate_at_step"]

    assert planned["rows"] == 240
    assert planned["steps"] == 5 * 8
    assert set(rates) == {"1", "2", "10", "20", "30", "40"}
    assert rates["40"] < rates["2"]
    assert planned["recipe"]["train"]["length"] == "5ep"


def test_a_plan_as_text_has_every_number_of_the_recipe(small_file):
    text = plan_text(plan_of(read_project(small_file)))

    assert "train 240, valid 30, test 30" in text
    assert "optimizer.learning_rate" in text
    assert "stop.patience" in text
