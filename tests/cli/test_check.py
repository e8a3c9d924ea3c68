"""The command that questions a pipeline."""

import pytest


def test_a_healthy_pipeline_passes(kilter, small_file):
    ended = kilter("check", small_file, "--json")

    assert ended.code == 0
    assert ended.document["status"] == "done"
    assert ended.document["seconds"]


def test_a_pipeline_that_is_wrong_is_exit_code_1(kilter, small_file, monkeypatch, tmp_path):
    (tmp_path / "broken_model.py").write_text(
        "import torch\n"
        "class Deaf(torch.nn.Module):\n"
        "    def __init__(self, numbers, outputs):\n"
        "        super().__init__()\n"
        "        self.out = torch.nn.Linear(numbers, outputs)\n"
        "    def forward(self, numbers):\n"
        "        return self.out(numbers * 0)\n",
        "utf-8",
    )
    monkeypatch.syspath_prepend(tmp_path)
    ended = kilter("check", small_file, "--set", "model=broken_model:Deaf")

    assert ended.code == 1
    assert "FAILURE" in ended.out


OWN = """
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import kilter


def loaders(seed):
    draw = torch.Generator().manual_seed(3)
    numbers = torch.randn(400, 6, generator=draw)
    classes = (numbers[:, 0] + numbers[:, 1] > 0).long()
    order = torch.Generator().manual_seed(seed)
    train = DataLoader(TensorDataset(numbers[:300], classes[:300]), 32, shuffle=True, generator=order)
    return train, DataLoader(TensorDataset(numbers[300:], classes[300:]), 100)


def make(seed):
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 2))
    return model, torch.optim.Adam(model.parameters(), 0.01), nn.CrossEntropyLoss(), *loaders(seed)


def refuse(model, optimizer, loss_fn, batch):
    raise ValueError("the mask is missing")


program = kilter.Pipeline.from_loop(make, task="classification", classes=2, epochs=3)
broken = kilter.Pipeline.from_loop(make, step=refuse, task="classification", classes=2, epochs=3)
"""


@pytest.fixture
def own(tmp_path):
    (tmp_path / "own_loop.py").write_text(OWN, "utf-8")
    return tmp_path / "own_loop.py"


@pytest.fixture
def beside_it(own, monkeypatch):
    monkeypatch.chdir(own.parent)
    return own


@pytest.mark.parametrize("name", ["program", "make"])
def test_a_persons_own_training_passes(kilter, own, name):
    ended = kilter("check", f"{own}:{name}", "--json")

    assert ended.code == 0, ended.out
    assert ended.document["effort"] == "quick"
    assert ended.document["findings"] == [f for f in ended.document["findings"] if f["severity"] == "note"]


def test_a_persons_own_training_that_is_wrong_is_exit_code_1_with_its_evidence_and_cost(kilter, own):
    ended = kilter("check", f"{own}:broken")

    assert ended.code == 1
    assert "`refuse` raised ValueError: the mask is missing." in ended.out
    assert kilter("check", f"{own}:broken", "--gate", "off").code == 0


def test_what_checks_cost_is_told(kilter, small_file):
    assert "checks took" in kilter("check", small_file).out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["own_loop.py:progam"], "did you mean 'program'?"),
        (["own_loop.py"], "without a name"),
        (["nothing.py:program"], "no such file"),
        (["own_loop.py:program", "--set", "train.seed=3"], "no project file"),
        (["own_loop.py:program", "--effort", "some"], "quick"),
        (["{project}", "--prove"], "say effort full"),
        (["own_loop.py:program", "--rehearsal-seconds", "5"], "without a rehearsal"),
        (["own_loop.py:program", "--rehearse", "--rehearsal-seconds", "0"], "rehearsal-seconds"),
    ],
)
def test_wrong_usage_is_exit_code_2(kilter, beside_it, small_file, arguments, said):
    assert beside_it.exists()
    ended = kilter("check", *(word.format(project=small_file) for word in arguments))

    assert ended.code == 2
    assert said in ended.err


def test_a_project_is_checked_by_training_too(kilter, small_file):
    ended = kilter("check", small_file, "--effort", "full", "--json", "--gate", "off")

    assert ended.document["effort"] == "full"
    assert "majority, linear" in str(ended.document["skipped"])
    assert [f for f in ended.document["findings"] if f["severity"] == "failure"] == []


def test_a_persons_own_training_is_rehearsed(kilter, own):
    ended = kilter("check", f"{own}:program", "--rehearse", "--effort", "quick", "--json")

    assert ended.code == 0, ended.out
    assert (ended.document["effort"], ended.document["rehearsed"]) == ("quick", True)
    assert ended.document["seconds"]["rehearsal"] > 0


def test_a_rehearsal_that_is_cut_says_so_and_takes_the_full_effort(kilter, own):
    ended = kilter("check", f"{own}:make", "--rehearse", "--rehearsal-seconds", "300", "--json")

    assert ended.document["effort"] == "full"
    assert "give `epochs`" in {each["name"]: each["reason"] for each in ended.document["skipped"]}["rehearsal"]


def test_a_project_is_rehearsed(kilter, small_file):
    ended = kilter("check", small_file, "--rehearse", "--effort", "quick", "--json")

    assert ended.code == 0
    assert ended.document["seconds"]["rehearsal"] > 0
