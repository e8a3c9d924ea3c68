from kilter.cli.plan import plan_document, plan_of, plan_text
from kilter.project.reading import read_project


def test_a_plan_is_the_arithmetic_of_the_run(small_file):
    plan, beside = plan_of(read_project(small_file, ["batch.size=32", "train.length=5ep", "schedule=cosine"]))
    document = plan_document(plan, beside)
    rates = document["learning_rate_at_step"]

    assert document["rows"] == 240
    assert document["steps"] == 5 * 8
    assert document["marks"][-1] == {"step": 40, "text": "end"}
    assert list(rates) == [str(step) for step in range(1, 41)]
    assert rates["40"] < rates["2"]
    assert document["recipe"]["train"]["length"] == "5ep"


def test_a_plan_as_text_has_its_curve_and_every_number_of_the_recipe(small_file):
    text = plan_text(*plan_of(read_project(small_file)))

    assert "train 240, valid 30, test 30" in text
    assert "█" in text
    assert "epoch  0" in text
    assert "optimizer.learning_rate" in text
    assert "stop.patience" in text


def test_what_is_left_to_be_found_is_reckoned_with_its_default_and_said(small_file):
    plan, beside = plan_of(read_project(small_file, ["batch=auto", "lr=auto"]))

    assert len(plan_document(plan, beside)["left_open"]) == 2
    text = " ".join(plan_text(plan, beside).split())
    assert "batch.size is found before the training; until then its default: batches of 64 rows." in text
    assert "optimizer.learning_rate is found before the training" in text
