"""Updates and the backwards before them."""

import pytest
import torch

from kilter.checks.program.loop.windows import gathered, loss_scale, norm, nothing, scale_free, since_zero, windows


def test_each_update_has_the_backwards_since_the_last(bench_of, gathering):
    seen = windows(bench_of(step=gathering(4, 4)).recording)
    assert [len(window.backwards) for window in seen] == [4, 4, 4]
    assert [window.first for window in seen] == [True, False, False]
    for window in seen:
        for name, met in window.update.gradients.items():
            torch.testing.assert_close(gathered(window, name), met.double(), rtol=1e-4, atol=1e-6)
            assert since_zero(window, name) == (0, True)


def test_two_optimizers_have_windows_of_their_own(bench_of):
    def step(model, optimizers, loss_fn, batch):
        for optimizer in optimizers:
            optimizer.zero_grad()
            loss = loss_fn(model(batch[0]), batch[1])
            loss.backward()
            optimizer.step()
        return loss

    def two(model):
        return [torch.optim.SGD(model[part].parameters(), lr=0.1) for part in (0, 2)]

    seen = windows(bench_of(step=step, optimizer=two).recording)
    assert [window.update.optimizer for window in seen[:4]] == [0, 1, 0, 1]
    assert [len(window.backwards) for window in seen[:4]] == [1, 2, 2, 2]
    last = seen[3]
    torch.testing.assert_close(gathered(last, "2.weight"), last.update.gradients["2.weight"].double())


def test_backwards_inside_of_a_closure_are_counted(bench_of):
    def step(model, optimizer, loss_fn, batch):
        def closure():
            optimizer.zero_grad()
            loss = loss_fn(model(batch[0]), batch[1])
            loss.backward()
            return loss

        return optimizer.step(closure)

    recording = bench_of(step=step, optimizer=lambda model: torch.optim.LBFGS(model.parameters(), max_iter=3)).recording
    assert all(update.within >= 2 for update in recording.updates)
    assert all(len(window.backwards) == window.update.within for window in windows(recording))


@pytest.mark.parametrize(
    ("scale", "told"), [(1.0, 1.0), (4.0, 1.0), (1024.0, 1024.0), (1000.0, 1.0), (2.0**16, 2.0**16)]
)
def test_scales_are_large_powers_of_two(bench_of, scale, told):
    def step(model, optimizer, loss_fn, batch):
        optimizer.zero_grad()
        loss = loss_fn(model(batch[0]), batch[1])
        (loss * scale).backward()
        optimizer.step()
        return loss

    first = bench_of(step=step, optimizer=lambda model: torch.optim.Adam(model.parameters())).recording.steps[0]
    assert loss_scale(first, first.backwards[0]) == told


def test_optimizers_that_do_not_feel_the_length(bench_of):
    for make, free in (
        (lambda model: torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=0.01), False),
        (lambda model: torch.optim.Adam(model.parameters(), lr=1e-3), True),
    ):
        seen = windows(bench_of(optimizer=make).recording)
        assert [scale_free(window) for window in seen] == [free] * len(seen)


def test_nothing_and_lengths():
    assert nothing(None)
    assert nothing(torch.zeros(3))
    assert not nothing(torch.ones(1))
    assert norm([torch.tensor([3.0]), None, torch.tensor([4.0])]) == pytest.approx(5)
