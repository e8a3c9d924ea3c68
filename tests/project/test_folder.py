import errno
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from kilter.project import folder
from kilter.project.folder import create_run, load_run, read_json, write_json, write_results, write_status, write_text
from kilter.values.comparison import Comparison
from kilter.values.errors import DataError, TrainingError, UsageError
from kilter.values.evaluation import Evaluation, Measures
from kilter.values.finding import Finding, Severity, Skipped
from kilter.values.run import Stage
from kilter.values.score import Score

NOW = datetime(2026, 1, 31, 12, 5, 9, tzinfo=UTC)
SCORE = Score(name="accuracy", value=0.1 + 0.2, low=0.25, high=None, n=10)
FINDING = Finding(code="D1", name="x", severity=Severity.WARNING, seen="s", advice="a", evidence={"n": 3})
STAGE = Stage(
    name="audit", status="done", seconds=0.5, summary="s", findings=(FINDING,), skipped=(Skipped(name="y", reason="r"),)
)


@pytest.fixture
def run(tmp_path):
    path = create_run(tmp_path, "one", now=NOW)
    write_status(path, "done", (STAGE,))
    return path


def full_disk(*_arguments):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_runs_of_one_second_have_names_of_their_own(tmp_path):
    names = [create_run(tmp_path / "runs", "a", now=NOW).name for _ in range(3)]

    assert names == ["2026-01-31_120509_a", "2026-01-31_120509_a-2", "2026-01-31_120509_a-3"]


def test_a_file_in_the_way_is_said(tmp_path):
    (tmp_path / "runs").write_text("", "utf-8")

    with pytest.raises(UsageError, match="runs"):
        create_run(tmp_path / "runs", "a")


def test_a_full_disk_is_said_and_what_was_there_stands(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    write_json(path, {"n": 1})
    monkeypatch.setattr(folder.os, "fsync", full_disk)

    with pytest.raises(TrainingError, match=r"No space left on device: what was there before is untouched; make room"):
        write_json(path, {"n": 2})
    assert read_json(path) == {"n": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["a.json"]


def test_a_writer_that_is_killed_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, {"n": 1})
    code = (
        "import os, sys, kilter.project.folder as f; from pathlib import Path\n"
        "f.os.fsync = lambda _: os._exit(9)\n"
        f"f.write_json(Path({str(path)!r}), {{'n': list(range(10000))}})"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False)

    assert done.returncode == 9
    assert read_json(path) == {"n": 1}


def test_a_run_comes_back_as_it_was_written(run):
    evaluation = Evaluation(model="model", split="test", measures=Measures(scores=(SCORE,)))
    comparison = Comparison(left="model", right="linear", split="test", difference=SCORE, p_value=0.03, test="exact")
    rung, untrained = replace(comparison, p_value=0.3), replace(evaluation, split="valid")
    write_results(run, (evaluation,), (comparison,), ladder=(rung,), untrained=untrained)
    write_text(run / "interpretation.md", "## What next?\n\n> facts\n\nMore rows.\n")
    write_json(run / "config.json", {"task": "classification"})
    write_json(run / "environment.json", {"python": "3.11"})
    write_text(run / "metrics.jsonl", '{"step": 1, "train.loss": 0.5}\n')
    loaded = load_run(run)

    assert loaded.status == "done"
    assert loaded.stages == (STAGE,)
    assert loaded.evaluations == (evaluation,)
    assert loaded.comparisons == (comparison,)
    assert loaded.ladder == (rung,)
    assert loaded.untrained == untrained
    assert loaded.interpretation == {"next": "More rows."}
    assert loaded.config == {"task": "classification"}
    assert loaded.history.last("train.loss") == 0.5


def test_a_run_that_has_just_begun_can_be_read(run):
    assert load_run(run).evaluations == ()
    assert load_run(run).ladder == ()
    assert load_run(run).untrained is None
    assert load_run(run).interpretation == {}
    assert len(load_run(run).history) == 0


def test_an_interpretation_that_is_no_file_is_said(run):
    (run / "interpretation.md").mkdir()
    with pytest.raises(DataError, match=r"interpretation\.md: .*a Markdown file, or none"):
        load_run(run)


def test_what_is_no_run_is_said(tmp_path):
    with pytest.raises(UsageError, match="does not exist"):
        load_run(tmp_path / "none")
    with pytest.raises(UsageError, match=r"it has no run\.json"):
        load_run(tmp_path)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("run.json", "{", "is broken"),
        ("run.json", '{"status": "happy", "stages": []}', "status 'happy'"),
        ("run.json", "{}", "is broken"),
        ("run.json", '{"format": 99, "status": "done", "stages": []}', "this kilter reads up to 1"),
        ("run.json", '{"status": "done", "stages": [{"name": 1}]}', "is broken"),
        ("config.json", "[]", "no JSON object"),
        ("metrics.jsonl", "x\n{}\n", "lines of"),
    ],
)
def test_a_broken_file_is_said_with_its_name(run, name, text, said):
    (run / name).write_text(text, "utf-8")

    with pytest.raises(DataError, match=said):
        load_run(run)


def test_reading_a_run_needs_no_torch(run):
    code = (
        f"import sys; from kilter.project.folder import load_run; load_run({str(run)!r}); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"
