import json

import pytest

from kilter.project.expecting import expected_of, faults_in, fingerprint_of, held_to, ruled, write_down, write_judged
from kilter.project.flow import evaluate_run, run_project
from kilter.project.folder import CONFIG, EXPECTED, PROJECT, load_run, read_expected, write_json
from kilter.project.reading import parse_project
from kilter.tasks.classification import Classification
from kilter.values.errors import DataError, RecipeError
from kilter.values.expectation import Expectation, Judgement, Reference, Ruling

LEAST = "data: {train: rows.csv, target: label}\ntask: classification\n"
SAID = """\
expect:
  accuracy: ">= 0.5"
  macro_f1: [">= 0.1", "<= 1"]
  gap: "< 0.9"
  beats: [majority]
  because: It hangs on one number.
references:
  - {name: Somebody, metric: accuracy, score: 0.97, source: A paper}
"""
TASK = Classification(labels=("a", "b"))


def project(text, folder, *overrides):
    return parse_project(LEAST + text, path=folder / "kilter.yaml", overrides=overrides)


@pytest.fixture
def begun(tmp_path):
    """A run's folder as it is before anything is made, and the project file that it came from."""
    source, folder = tmp_path / "kilter.yaml", tmp_path / "run"
    folder.mkdir()

    def begin(text):
        source.write_text(LEAST + text, "utf-8")
        (folder / PROJECT).write_text(LEAST + text, "utf-8")
        write_json(folder / CONFIG, {"origin": {"project": str(source), "overrides": []}})
        write_down(folder, project(text, tmp_path))
        return folder, source

    return begin


def test_a_file_is_read_in_its_order(tmp_path):
    expected = expected_of(project(SAID, tmp_path))

    assert list(map(str, expected.expectations)) == [
        "accuracy >= 0.5",
        "macro_f1 >= 0.1",
        "macro_f1 <= 1",
        "gap < 0.9",
        "beats majority",
    ]
    assert expected.reasoning == "It hangs on one number."
    assert expected.references == (Reference(name="Somebody", metric="accuracy", score=0.97, source="A paper"),)
    assert expected.judgements == ()


def test_the_command_line_expects_too(tmp_path):
    expected = expected_of(project("", tmp_path, "expect.accuracy='> 0.7'", "expect.mcc=>= 0", "expect.beats=linear"))

    assert list(map(str, expected.expectations)) == ["accuracy > 0.7", "mcc >= 0", "beats linear"]


@pytest.mark.parametrize(
    ("old", "new"),
    [("0.5", "0.6"), ("majority", "linear"), ("one number", "two numbers"), ("0.97", "0.98"), (">= 0.1", "> 0.1")],
)
def test_the_fingerprint_is_of_all_that_is_said(tmp_path, old, new):
    first, again, other = (expected_of(project(text, tmp_path)) for text in (SAID, SAID, SAID.replace(old, new)))

    assert first.fingerprint == again.fingerprint == fingerprint_of(first) != other.fingerprint


def test_faults_have_their_places_and_say_what_was_meant(tmp_path):
    text = (
        SAID.replace("macro_f1", "macrof1")
        .replace("[majority]", "[majority, bosted, linear]")
        .replace("metric: accuracy", "metric: acc")
    )
    faults = list(faults_in(project(text, tmp_path), TASK, measured=("majority", "boosted")))

    assert [fault.where for fault in faults] == [
        "kilter.yaml:5:3",
        "kilter.yaml:7:21",
        "kilter.yaml:7:29",
        "kilter.yaml:10:22",
    ]
    assert "did you mean 'macro_f1'?" in str(faults[0])
    assert "did you mean 'boosted'?" in str(faults[1])
    assert "add it to `baselines`" in str(faults[2])
    assert "references.0.metric = 'acc'" in str(faults[3])


def test_what_can_be_measured_is_no_fault(tmp_path):
    assert list(faults_in(project(SAID, tmp_path), TASK, measured=("majority",))) == []
    (fault,) = faults_in(project("expect: {beats: linear}", tmp_path), TASK, measured=())
    assert "no baseline is measured" in str(fault)


@pytest.mark.parametrize(("said", "meant"), [("tfidf", "linear"), ("XGBoost", "boosted"), ("linaer", "linear")])
def test_a_baseline_is_found_by_what_it_is_called_elsewhere(tmp_path, said, meant):
    expecting = project(f"expect: {{beats: {said}}}", tmp_path)

    (fault,) = faults_in(expecting, TASK, measured=("majority", "linear", "boosted"))
    assert f"did you mean '{meant}'?" in str(fault)
    (fault,) = faults_in(expecting, TASK, measured=("majority",))
    assert "legal are majority; name one of them, or add it to `baselines`" in str(fault)


def test_a_name_with_a_dot_has_its_place(tmp_path):
    (fault,) = faults_in(project("expect:\n  price.r2: '> 0'\n", tmp_path), TASK, measured=())

    assert fault.where == "kilter.yaml:4:3"


def test_where_nothing_is_expected_nothing_is_written(begun):
    folder, _ = begun("")

    assert not (folder / EXPECTED).exists()
    assert read_expected(folder) is None
    assert held_to(folder) is None


def test_what_was_written_down_is_what_rules(begun):
    folder, _ = begun(SAID)
    first = read_expected(folder)

    assert held_to(folder) == first
    assert first.changed == ""
    assert fingerprint_of(first) == first.fingerprint


def test_a_file_that_says_something_else_later_is_told(begun):
    folder, source = begun(SAID)
    first = read_expected(folder)
    source.write_text(LEAST + SAID.replace("0.5", "0.1"), "utf-8")
    held = held_to(folder)

    assert held.expectations == first.expectations
    assert held.changed.startswith("The project file now expects accuracy >= 0.1 and expects no more accuracy >= 0.5;")
    source.write_text(LEAST, "utf-8")
    assert "expects no more accuracy >= 0.5, macro_f1" in held_to(folder).changed
    assert "gives another reason" in held_to(folder).changed
    source.write_text(LEAST + SAID.replace("one number", "two"), "utf-8")
    assert held_to(folder).changed.startswith("The project file gives another reason; what")
    source.write_text(LEAST + SAID.replace("0.97", "0.98"), "utf-8")
    assert "now expects Somebody: accuracy 0.98 (A paper) and expects no more" in held_to(folder).changed
    source.write_text(LEAST + SAID.replace('[">= 0.1", "<= 1"]', '["<= 1", ">= 0.1"]'), "utf-8")
    assert "in another order" in held_to(folder).changed


def test_the_copy_of_the_run_does_not_rule_either(begun):
    folder, _ = begun(SAID)
    (folder / PROJECT).write_text(LEAST + SAID.replace("0.5", "0.1"), "utf-8")

    assert "now expects accuracy >= 0.1" in held_to(folder).changed
    assert str(held_to(folder).expectations[0]) == "accuracy >= 0.5"


def test_what_is_written_down_late_is_not_judged(begun):
    folder, source = begun("")
    source.write_text(LEAST + SAID, "utf-8")
    held = held_to(folder)

    assert held.expectations == ()
    assert held.changed.startswith("Expectations were written down after the run had begun, and are not judged: acc")


def test_a_record_changed_by_hand_is_told_and_does_not_count(begun):
    folder, _ = begun(SAID)
    record = json.loads((folder / EXPECTED).read_text("utf-8"))
    record["expectations"][0]["bound"] = 0.1
    write_json(folder / EXPECTED, record)
    held = held_to(folder)

    assert str(held.expectations[0]) == "accuracy >= 0.5"
    assert "expected.json was changed" in held.changed
    (folder / PROJECT).write_text(LEAST + SAID.replace("0.5", "0.1"), "utf-8")
    assert held_to(folder).expectations == ()
    assert "cannot be judged any more" in held_to(folder).changed


def test_a_project_that_is_gone_changes_nothing(begun):
    folder, source = begun(SAID)
    source.unlink()

    assert held_to(folder).changed == ""


def test_a_broken_record_is_told(begun):
    folder, _ = begun(SAID)
    (folder / EXPECTED).write_text('{"fingerprint": 3}', "utf-8")

    with pytest.raises(DataError, match="is broken"):
        held_to(folder)


def test_judgements_are_kept_and_counted(begun):
    folder, _ = begun(SAID)
    made = [
        Judgement(expectation=Expectation.read("accuracy", ">= 0.5"), ruling=ruling, seen="")
        for ruling in (Ruling.MET, Ruling.MET, Ruling.MISSED)
    ]
    write_judged(folder, held_to(folder), made)

    assert read_expected(folder).judgements == tuple(made)
    assert held_to(folder).judgements == ()  # they are made anew
    assert ruled(made) == "; of 3 expectations 2 are met, 1 is missed"
    assert ruled(()) == ""


def test_a_run_holds_what_was_expected_of_it(make_project, small, tmp_path):
    settings = small.text + SAID
    expecting = make_project(tmp_path / "one", "expect.log_loss='> 5'", settings=settings)
    ran = run_project(expecting, runs=tmp_path / "runs")
    rulings = {str(each.expectation): each.ruling for each in ran.expected.judgements}

    assert rulings["accuracy >= 0.5"] in set(Ruling)
    assert rulings["log_loss > 5"] is Ruling.MISSED
    assert [finding.name for finding in ran.findings].count("expectation-missed") == 1
    assert ran.status == "done"
    assert "of 6 expectations" in ran.stages[-1].summary
    assert load_run(ran.path).expected == ran.expected
    assert "What was expected" in (ran.path / "report.html").read_text("utf-8")

    (tmp_path / "one" / "kilter.yaml").write_text(settings.replace("0.5", "0.1"), "utf-8")
    again = evaluate_run(ran.path)

    assert "now expects accuracy >= 0.1" in again.expected.changed
    assert again.expected.judgements == ran.expected.judgements
    assert again.expected.fingerprint == ran.expected.fingerprint


def test_an_unknown_score_is_an_error_before_anything_is_trained(make_project, small, tmp_path):
    expecting = make_project(tmp_path / "one", settings=small.text + "expect: {acuracy: '>= 0.9'}\n")

    with pytest.raises(RecipeError, match="did you mean 'accuracy'") as caught:
        run_project(expecting, runs=tmp_path / "runs")
    ran = load_run(caught.value.run)
    assert [stage.name for stage in ran.stages] == ["audit", "baselines"]
    assert ran.history.step == 0
    assert ran.expected.judgements == ()
