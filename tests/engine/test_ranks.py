"""Two processes that train together take the step that one would have taken."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from kilter.engine.ranks import Totals, add_up, buckets, several
from kilter.engine.stepping import StepResult
from kilter.values.errors import UsageError

from .accumulating import MAKERS, Outcome, agree, batch_of, make, stepped
from .two_ranks import TRIALS, WORLD, cases

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def together(tmp_path_factory):
    """What each of the ranks has to say."""
    place = tmp_path_factory.mktemp("ranks")
    command = [sys.executable, "-m", "tests.engine.two_ranks"]
    processes = [
        subprocess.Popen([*command, str(number), str(place)], cwd=ROOT, stderr=subprocess.PIPE, text=True)
        for number in range(WORLD)
    ]
    try:
        said = [process.communicate(timeout=300)[1] for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert [process.returncode for process in processes] == [0] * WORLD, "\n".join(said)
    return [torch.load(place / f"{number}.pt") for number in range(WORLD)]


@pytest.mark.distributed
@pytest.mark.parametrize("kind", MAKERS)
def test_two_ranks_take_the_step_of_one(together, kind):
    pipeline, model = make(kind)
    empty = 0
    for trial, (rows, weights, _) in enumerate(cases(kind)):
        whole = stepped(pipeline, model, [batch_of(pipeline, rows, weights)])
        one, other = (Outcome(StepResult(*said), *rest) for said, *rest in (each[kind, trial] for each in together))
        agree(one, whole)
        torch.testing.assert_close(one.weights, other.weights, rtol=0, atol=0)
        empty += whole.said.empty
    assert 0 < empty < TRIALS


@pytest.mark.distributed
def test_gradients_that_only_some_ranks_have_count_as_zero_on_the_others(together):
    for gradients, totals, there_are_several in (each["by hand"] for each in together):
        known = [None if gradient is None else gradient.tolist() for gradient in gradients]
        assert known == [[21.0, 21.0], [2.0, 2.0], None, [4.0, 4.0], [5.0, 5.0], None]
        assert totals == pytest.approx((3.0, 0.2))
        assert there_are_several


def test_a_process_alone_is_none_of_several():
    assert not several()


def test_sparse_gradients_are_refused():
    words = nn.Embedding(4, 2, sparse=True)
    torch.autograd.backward(words(torch.tensor([1])).sum())
    with pytest.raises(UsageError, match=r"shape \(4, 2\) is sparse.*make the embedding without `sparse=True`"):
        add_up([words.weight], Totals(1.0, 1.0))


def test_buckets_hold_neighbours_of_one_type():
    sizes = [(5, torch.float32), (4, torch.float32), (2, torch.float32), (1, torch.float64), (20, torch.float64)]
    gradients = [torch.zeros(size, dtype=dtype) for size, dtype in sizes]
    assert [[len(each) for each in bucket] for bucket in buckets(gradients, most=6)] == [[5], [4, 2], [1], [20]]
