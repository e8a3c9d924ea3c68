import json
import subprocess
import sys

import pytest

from kilter.finders import batch_size, learning_rate
from kilter.values.batch_suggestion import BatchSuggestion, Budget, Counted, SizeProbe
from kilter.values.finding import Finding, Severity
from kilter.values.rate_suggestion import RateProbe, RateSuggestion

BUDGET = Budget(bytes=2**30, counts=Counted.RESIDENT, source="the machine", kept_back=0.1)
PROBE = SizeProbe(size=240, peak=2**28, fits=True, said="it fits", steps=3)
WRONG = Finding(
    code="F201", name="never-falls", severity=Severity.FAILURE, seen="No rate lowers it.", advice="Check it."
)

OWN = """\
import torch
from torch.utils.data import DataLoader, TensorDataset

from kilter import Pipeline


def make(seed):
    torch.manual_seed(seed)
    rows = TensorDataset(torch.randn(64, 4), torch.arange(64) % 2)
    model = torch.nn.Linear(4, 2)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    loader = DataLoader(rows, batch_size=8)
    return model, optimizer, torch.nn.CrossEntropyLoss(), loader, loader


def make_hidden(seed):
    model, optimizer, loss, loader, _ = make(seed)
    return model, optimizer, loss, [list(loader)[0]] * 3 + [("no", "tensors")], loader


program = Pipeline.from_loop(make, epochs=2)
"""


@pytest.fixture
def own(tmp_path):
    (tmp_path / "own_loop.py").write_text(OWN, "utf-8")
    return tmp_path / "own_loop.py"


@pytest.fixture
def finders(monkeypatch):
    """Finders that take no time, and what they were asked."""
    asked, findings = [], []

    def find_size(_, **options):
        asked.append(options)
        options["told"]("trying batches of 240 …")
        return BatchSuggestion(
            size=32, largest=240, bounded_by="data", budget=BUDGET, probes=(PROBE,), findings=tuple(findings)
        )

    def find_rate(_, **options):
        asked.append(options)
        options["told"]("trying 0.003 …")
        probe = RateProbe(rate=0.003, steps=9, seed=0, loss=0.25)
        return RateSuggestion(
            rate=0.003,
            low=0.001,
            high=0.01,
            probes=(probe,),
            cost=0.5,
            length=90,
            stable=True,
            findings=tuple(findings),
        )

    monkeypatch.setattr(batch_size, "find_batch_size", find_size)
    monkeypatch.setattr(learning_rate, "find_learning_rate", find_rate)
    return asked, findings


def test_alone_it_lists_what_can_be_found(kilter):
    ended = kilter("find")

    assert ended.code == 2
    assert "batch-size" in ended.err
    assert "learning-rate" in ended.err
    assert "--cost" in kilter("find", "learning-rate", "--help").out
    assert "did you mean 'batch-size'" in kilter("find", "batchsize").err.lower()


def test_a_page_on_stdout_and_progress_on_stderr(kilter, finders, small_file):
    ended = kilter("find", "batch-size", small_file)

    assert ended.code == 0
    assert ended.out.splitlines()[:3] == ["batch size of small", "", "Batches of 32 examples."]
    assert ended.err == "trying batches of 240 …\n"
    assert kilter("find", "learning-rate", small_file, "--quiet").err == ""
    assert "A learning rate of 0.003." in kilter("find", "learning-rate", small_file).out


def test_options_arrive(kilter, finders, small_file):
    asked, _ = finders
    words = ("--memory", "4GiB", "--effective", 512, "--devices", 2, "--most", 64, "--no-speed", "--seed", 3)
    kilter("find", "batch-size", small_file, *words)
    kilter("find", "learning-rate", small_file.parent, "--cost", 0.5, "--set", "train.seed=9")

    assert {key: value for key, value in asked[0].items() if key != "told"} == {
        "budget": 2**32,
        "effective": 512,
        "devices": 2,
        "most": 64,
        "speed": False,
        "seed": 3,
    }
    assert (asked[1]["cost"], asked[1]["seed"]) == (0.5, 9)


def test_json_is_one_document_with_the_whole_suggestion(kilter, finders, small_file):
    document = kilter("find", "learning-rate", small_file, "--json").document

    assert (document["command"], document["sought"], document["status"]) == ("find", "learning-rate", "done")
    assert document["suggestion"]["rate"] == 0.003
    assert document["suggestion"]["probes"][0]["steps"] == 9
    assert "findings" not in document["suggestion"]
    assert kilter("find", "batch-size", small_file, "--json").document["suggestion"]["largest"] == 240


def test_only_a_finding_that_fails_is_exit_code_1(kilter, finders, small_file, own):
    finders[1].append(WRONG)

    ended = kilter("find", "learning-rate", small_file)
    assert ended.code == 1
    assert "No rate lowers it." in ended.out
    assert kilter("find", "learning-rate", small_file, "--gate", "off").code == 0
    assert kilter("find", "batch-size", f"{own}:program").code == 1
    assert kilter("find", "batch-size", f"{own}:program", "--gate", "off", "--json").document["findings"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("batch-size", "nothing.yaml"), "No such file"),
        (("batch-size", "{own}:programme"), "did you mean 'program'?"),
        (("batch-size", "{own}:program", "--set", "train.seed=3"), "no project file"),
        (("batch-size", "{small}", "--memory", "much"), "memory='much'"),
        (("batch-size", "{small}", "--effective", "0"), "effective"),
        (("learning-rate", "{small}", "--cost", "0"), "cost"),
        (("batch-size", "{own}:make_hidden"), "Pipeline.from_loop"),
    ],
)
def test_wrong_usage_is_exit_code_2_and_says_what_to_do(kilter, small_file, own, words, said):
    ended = kilter("find", *(word.format(small=small_file, own=own) for word in words))

    assert ended.code == 2
    assert said in ended.err
    assert not ended.out


def test_in_a_shell_a_persons_own_training_is_sized(own):
    command = [sys.executable, "-m", "kilter", "find", "batch-size", f"{own.name}:program", "--no-speed", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=own.parent)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["suggestion"]["size"] == 64
    assert "trying batches of 64" in done.stderr
