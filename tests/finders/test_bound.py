"""The bound of a traced training, against its sum by hand."""

from functools import partial

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from kilter.finders.bound import Bound, traced
from kilter.testing.healthy.pipelines import over_images, over_numbers, over_tokens
from kilter.testing.networks import Recurrent
from kilter.testing.state import state_of
from kilter.values.pipeline import Pipeline

ROOM = 2**28


def trace(subject, most=10**6, window=1):
    return traced(subject, room=ROOM, most=most, seed=0, window=window)


def test_a_perceptron_takes_its_weights_four_times_and_its_layers():
    fixed, each = trace(over_numbers())
    layer = 4 * 32  # of float32

    weights = sum(p.numel() for p in over_numbers().make_model().parameters()) * 4
    assert weights * 2 <= fixed <= weights * 5
    assert each >= 4 * 6 + 2 * layer


def test_tracing_leaves_everything_as_it_was():
    pipeline = over_numbers()
    moves = vars(nn.Module)["_apply"]
    before = state_of(pipeline)

    trace(pipeline)

    assert (state_of(pipeline), vars(nn.Module)["_apply"]) == (before, moves)


@pytest.mark.parametrize("make", [over_images, over_tokens])
def test_pipelines_of_other_inputs_go_through(make):
    fixed, each = trace(make())

    assert fixed > 0
    assert each > 100


def test_a_window_of_two_holds_gradients_meanwhile():
    assert sum(trace(over_numbers(), window=2)) > sum(trace(over_numbers()))


def plain(seed):
    torch.manual_seed(seed)
    model = nn.Linear(8, 2)
    loader = DataLoader(TensorDataset(torch.randn(64, 8), torch.randint(2, (64,))), batch_size=8)
    return model, torch.optim.Adam(model.parameters()), nn.functional.cross_entropy, loader, None


def step(model, optimizer, loss_fn, batch):
    optimizer.zero_grad()
    loss = loss_fn(model(batch[0]), batch[1])
    loss.backward()
    optimizer.step()
    return loss.item()


@pytest.mark.parametrize("own", [None, step])
def test_programs_go_through_whatever_they_read_from_their_loss(own):
    fixed, each = trace(Pipeline.from_loop(plain, step=own))

    assert fixed >= 3 * 4 * 18
    assert each >= 4 * 8


def test_what_needs_its_numbers_has_no_bound():
    def listed(model, batch):
        return model(batch.inputs["numbers"] * max(batch.inputs["numbers"].numpy().tolist()[0]))

    assert trace(over_numbers(forward=listed)) is None


def test_a_network_whose_loops_hang_on_lengths_gives_a_bound_or_none():
    found = trace(over_tokens(partial(Recurrent, 40, 3)))

    assert found is None or found[1] > 0


def test_the_largest_fills_the_room():
    assert Bound(fixed=100.0, each=9.0).largest(1000) == 100
    assert Bound(fixed=100.0, each=9.0).largest(50) == 0
