import json
import math
import subprocess
import sys

import numpy as np
import pytest


def write(path, values, header="step,train_loss"):
    rows = "".join(f"{step},{value}\n" for step, value in enumerate(values, start=1))
    path.write_text(f"{header}\n{rows}", "utf-8")
    return path


def losses(seed=0, lowest=0.5):
    draw = np.random.default_rng(seed)
    return ((lowest + 2 * np.exp(-np.arange(400) / 60)) * np.exp(0.05 * draw.standard_normal(400))).round(5).tolist()


@pytest.fixture
def healthy(tmp_path):
    return write(tmp_path / "healthy.csv", losses())


@pytest.fixture
def broken(tmp_path):
    return write(tmp_path / "broken.csv", losses()[:200] + [math.nan] * 50)


def test_a_healthy_log_passes_and_says_what_it_took_for_what(kilter, healthy):
    ended = kilter("diagnose", healthy)

    assert ended.code == 0
    assert "Read train_loss as train.loss." in ended.out
    assert "FAILURE" not in ended.out


def test_a_broken_log_fails_with_its_evidence(kilter, broken):
    ended = kilter("diagnose", broken)

    assert ended.code == 1
    assert "FAILURE  C102 not-a-number" in ended.out
    assert kilter("diagnose", broken, "--gate", "off").code == 0


def test_the_gate_may_stop_at_warnings(kilter, tmp_path):
    falling, rising = losses(lowest=0.01), [*losses()[::20][:10], *np.linspace(1.0, 3.0, 10).tolist()]
    valid = {20 * (at + 1): value for at, value in enumerate(rising)}
    rows = [f"{step},{value},{valid.get(step, '')}" for step, value in enumerate(falling, start=1)]
    log = tmp_path / "log.csv"
    log.write_text("\n".join(["step,train_loss,val_loss", *rows]), "utf-8")
    said = {finding["severity"] for finding in kilter("diagnose", log, "--json").document["findings"]}

    assert "warning" in said
    assert "failure" not in said
    assert kilter("diagnose", log).code == 0
    assert kilter("diagnose", log, "--fail-on", "warning").code == 1


def test_the_document(kilter, healthy, broken):
    ended = kilter("diagnose", healthy, broken, "--json")
    document = ended.document
    first, second = document["runs"]

    assert (ended.code, document["command"], document["status"]) == (1, "diagnose", "gated")
    assert first["taken"] == {"step": "step", "train.loss": "train_loss"}
    assert first["steps"] == first["rows"] == 400
    assert first["curves"]["train.loss"]["points"] == 400
    assert first["curves"]["train.loss"]["best"] == min(losses())
    assert second["curves"]["train.loss"]["last"] == "nan"
    assert second["path"] == str(broken)
    assert "not-a-number" in [finding["name"] for finding in second["findings"]]
    assert document["findings"][0]["severity"] == "failure"
    assert [parting["curve"] for parting in document["partings"]] == ["train.loss"]


def test_runs_are_compared(kilter, healthy, tmp_path):
    better = write(tmp_path / "better.csv", losses(seed=1, lowest=0.1))
    text = " ".join(kilter("diagnose", healthy, better).out.split())

    assert "curves of 2 runs" in text
    assert "better is better" in text


def test_a_column_is_taken_for_what_somebody_says(kilter, tmp_path):
    log = write(tmp_path / "log.csv", losses(), "n,total")
    runs = kilter("diagnose", log, "--column", "train_loss=total", "--column", "step=n", "--json").document["runs"]

    assert runs[0]["taken"] == {"train.loss": "total", "step": "n"}


def test_the_task_and_the_classes_let_the_first_loss_be_judged(kilter, tmp_path):
    log = write(tmp_path / "log.csv", [loss + 7 for loss in losses()])
    said = kilter("diagnose", log, "--task", "classification", "--classes", "3", "--json").document

    assert "first-logged-loss" in [finding["name"] for finding in said["findings"]]


def test_sarif_is_written_beside(kilter, broken, tmp_path):
    ended = kilter("diagnose", broken, "--sarif", tmp_path / "out.sarif", "--json")
    document = json.loads((tmp_path / "out.sarif").read_text("utf-8"))
    (run,) = document["runs"]

    assert ended.code == 1
    assert [result["ruleId"] for result in run["results"]] == [f["code"] for f in ended.document["findings"]]
    assert run["results"][0]["level"] == "error"
    assert all(rule["shortDescription"]["text"] for rule in run["tool"]["driver"]["rules"])


def test_a_run_of_kilters_own(kilter, trained):
    (run,) = kilter("diagnose", trained.path, "--json", "--gate", "off").document["runs"]
    names = [name for name in trained.history.names if name != "train.epoch"]

    assert run["name"] == trained.name
    assert run["steps"] == trained.history.step
    assert set(names) <= set(run["curves"])
    assert run["curves"]["train.loss"]["last"] == trained.history.last("train.loss")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("{folder}/none.csv",), 3, "is not there"),
        (("{log}", "--column", "train_loss"), 2, "CURVE=NAME"),
        (("{log}", "--column", "train_loss=tota"), 2, "no column 'tota'"),
        (("{log}", "--column", "accuracy=train_loss"), 2, "names no curve"),
        (("{log}", "--task", "regresion"), 2, "did you mean 'regression'"),
        (("{log}", "--classes", "1"), 2, "classes"),
        (("{log}", "--set", "train.seed=3"), 2, "nothing can be set"),
        (("{log}", "--sarif", "{folder}/no/out.sarif"), 2, "can be written"),
        ((), 2, "PATH"),
    ],
)
def test_mistakes_of_use_and_what_cannot_be_read(kilter, healthy, words, code, said):
    ended = kilter("diagnose", *(word.format(folder=healthy.parent, log=healthy) for word in words))

    assert ended.code == code
    assert said in ended.err
    assert ended.out == ""


def test_it_goes_without_torch(broken):
    code = (
        "import sys\nfrom kilter.cli.main import main\n"
        f"try: main(['diagnose', {str(broken)!r}, '--json'])\nexcept SystemExit as left: code = left.code\n"
        "heavy = [name for name in ('torch', 'tensorboard', 'sklearn', 'pyarrow') if name in sys.modules]\n"
        "print('\\nloaded', heavy, code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.stdout.splitlines()[-1] == "loaded [] 1", done.stderr
