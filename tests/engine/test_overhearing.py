"""What is overheard of loops that somebody else wrote."""

import math

import pytest
import torch
from torch import nn

from kilter.engine.overhearing import ALONE, MOVES, NORMS, overhearing
from kilter.values.curve_names import BATCH, GRADIENT_NORM, INPUT_SIZE, MOVING


class Notebook:
    """Writes down whatever it is told."""

    def __init__(self):
        self.steps, self.notes, self.evaluations, self.measured_at = [], [], [], []

    def stepped(self, step, loss, rate):
        self.steps.append((step, loss, rate))
        return not math.isfinite(loss)

    def noted(self, step, values):
        self.notes += [(step, name, value) for name, value in values.items()]

    def measured(self, step, values, seconds):
        assert seconds > 0
        self.measured_at.append((step, set(values)))

    def evaluated(self, loss):
        self.evaluations.append((len(self.steps), loss))

    def of(self, name):
        """Steps and values of a curve."""
        return [(step, value) for step, curve, value in self.notes if curve == name]


@pytest.fixture
def made():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
    return model, torch.optim.SGD(model.parameters(), lr=0.1), nn.CrossEntropyLoss()


def batches(count, size=6):
    draw = torch.Generator().manual_seed(1)
    return [(torch.randn(size, 4, generator=draw), torch.randint(0, 3, (size,), generator=draw)) for _ in range(count)]


def test_losses_and_rates_of_each_step(made):
    model, optimizer, loss_fn = made
    said, notebook = [], Notebook()
    with overhearing(model, [optimizer], None, notebook):
        for at, (inputs, targets) in enumerate(batches(5)):
            optimizer.param_groups[0]["lr"] = 0.1 + at
            optimizer.zero_grad()
            loss = loss_fn(model(inputs), targets)
            loss.backward()
            optimizer.step()
            said.append((at + 1, loss.item(), 0.1 + at))
    assert notebook.steps == said


def test_a_window_of_batches_is_one_step_with_its_sum(made):
    model, optimizer, loss_fn = made
    losses, notebook = [], Notebook()
    with overhearing(model, [optimizer], None, notebook):
        for _ in range(2):
            optimizer.zero_grad()
            for inputs, targets in batches(3):
                loss = loss_fn(model(inputs), targets) / 3
                loss.backward()
                losses.append(loss.item())
            optimizer.step()
    assert [loss for _, loss, _ in notebook.steps] == pytest.approx([sum(losses[:3]), sum(losses[3:])])


def test_two_optimizers_after_one_backward_make_one_step(made):
    model, _, loss_fn = made
    optimizers = [torch.optim.SGD(part.parameters(), lr=0.1) for part in (model[0], model[2])]
    notebook = Notebook()
    with overhearing(model, optimizers, None, notebook):
        for inputs, targets in batches(4):
            loss_fn(model(inputs), targets).backward()
            for optimizer in optimizers:
                optimizer.step()
                optimizer.zero_grad()
    assert len(notebook.steps) == 4


def test_two_optimizers_that_take_turns_have_a_loss_each(made):
    model, _, loss_fn = made
    first, second = (torch.optim.SGD(part.parameters(), lr=0.1) for part in (model[0], model[2]))
    notebook, losses = Notebook(), {first: [], second: []}
    with overhearing(model, [first, second], None, notebook):
        for inputs, targets in batches(4):
            for optimizer in (first, second):
                loss = (1 if optimizer is first else 3) * loss_fn(model(inputs), targets)
                model.zero_grad()
                loss.backward()
                optimizer.step()
                losses[optimizer].append(loss.item())
    assert [loss for _, loss, _ in notebook.steps] == losses[first]
    assert [loss for _, loss in notebook.of("train.other_loss")] == losses[second]


def test_an_optimizer_that_goes_on_alone_is_the_first_from_then_on(made):
    model, _, loss_fn = made
    notebook = Notebook()
    with overhearing(model, (), None, notebook):
        for rate in (0.1, 0.01):
            optimizer = torch.optim.SGD(model.parameters(), lr=rate)
            for inputs, targets in batches(3):
                optimizer.zero_grad()
                loss_fn(model(inputs), targets).backward()
                optimizer.step()
    assert [rate for _, _, rate in notebook.steps] == [0.1] * 3 + [0.01] * 2


def test_an_adversary_is_not_heard_and_optimizers_need_not_be_given(made):
    model, optimizer, loss_fn = made
    other = nn.Linear(4, 3)
    others = torch.optim.SGD(other.parameters(), lr=0.7)
    notebook, losses = Notebook(), []
    with overhearing(model, (), None, notebook):
        for inputs, targets in batches(3):
            loss_fn(other(inputs), targets).backward()
            others.step()
            others.zero_grad()
            optimizer.zero_grad()
            loss = loss_fn(model(inputs), targets)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    assert [loss for _, loss, _ in notebook.steps] == losses
    assert {rate for _, _, rate in notebook.steps} == {0.1}


def test_a_closure_that_is_called_often_is_one_step(made):
    model, _, loss_fn = made
    optimizer = torch.optim.LBFGS(model.parameters(), lr=0.5, max_iter=4)
    notebook = Notebook()
    with overhearing(model, [optimizer], None, notebook):
        for inputs, targets in batches(3):

            def closure(inputs=inputs, targets=targets):
                optimizer.zero_grad()
                loss = loss_fn(model(inputs), targets)
                loss.backward()
                return loss

            optimizer.step(closure)
    assert [step for step, _, _ in notebook.steps] == [1, 2, 3]
    assert all(loss < 2 for _, loss, _ in notebook.steps)  # of one call of the closure, not their sum


def test_losses_without_gradients_are_an_evaluation_weighted_by_rows(made):
    model, optimizer, loss_fn = made
    notebook, truth = Notebook(), []
    with overhearing(model, [optimizer], loss_fn, notebook):
        for inputs, targets in batches(2):
            optimizer.zero_grad()
            loss_fn(model(inputs), targets).backward()
            optimizer.step()
            model.eval()
            with torch.no_grad():
                (few, few_targets), (many, many_targets) = *batches(1, size=2), *batches(1, size=10)
                parts = [loss_fn(model(few), few_targets).item(), loss_fn(model(many), many_targets).item()]
            model.train()
            truth.append((2 * parts[0] + 10 * parts[1]) / 12)
    assert [at for at, _ in notebook.evaluations] == [1, 2]
    assert [loss for _, loss in notebook.evaluations] == pytest.approx(truth)


def test_training_in_evaluation_mode_is_no_evaluation(made):
    model, optimizer, loss_fn = made
    model.eval()
    notebook = Notebook()
    with overhearing(model, [optimizer], loss_fn, notebook):
        for inputs, targets in batches(3):
            optimizer.zero_grad()
            loss_fn(model(inputs), targets).backward()
            optimizer.step()
    assert len(notebook.steps) == 3
    assert notebook.evaluations == []


def test_without_any_step_backwards_are_counted(made):
    model, optimizer, loss_fn = made
    for count in (5, ALONE + 5):
        notebook = Notebook()
        with overhearing(model, [optimizer], None, notebook):
            for inputs, targets in batches(count):
                loss_fn(model(inputs), targets).backward()
        assert len(notebook.steps) == (5 if count == 5 else ALONE)


def test_steps_without_a_backward_have_the_loss_that_was_heard(made):
    model, optimizer, loss_fn = made
    notebook, losses = Notebook(), []
    with overhearing(model, [optimizer], loss_fn, notebook):
        for inputs, targets in batches(3):
            losses.append(loss_fn(model(inputs), targets).item())
            optimizer.step()
    assert [loss for _, loss, _ in notebook.steps] == losses


def test_a_loss_that_was_scaled_is_heard_as_it_was(made):
    model, optimizer, loss_fn = made
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    notebook, losses, norms = Notebook(), [], []
    with overhearing(model, [optimizer], None, notebook):
        for inputs, targets in batches(NORMS):
            optimizer.zero_grad()
            loss = loss_fn(model(inputs), targets)
            scaler.scale(loss).backward()
            scaler.unscale_(optimizer)
            norms.append(nn.utils.clip_grad_norm_(model.parameters(), 1e-3).item())
            scaler.step(optimizer)
            scaler.update()
            losses.append(loss.item())
    assert [loss for _, loss, _ in notebook.steps] == pytest.approx(losses)
    heard = dict(notebook.of(GRADIENT_NORM))
    assert heard[NORMS] == pytest.approx(norms[-1], rel=1e-4)


def test_norms_batches_sizes_and_movement_are_noted_now_and_then(made):
    model, optimizer, loss_fn = made
    notebook, norms = Notebook(), {}
    several = batches(2 * MOVES)
    several[11] = several[10]  # the steps 11 and 12 see the same batch: of them the first is looked at
    with overhearing(model, [optimizer], None, notebook):
        for step, (inputs, targets) in enumerate(several, 1):
            optimizer.zero_grad()
            loss_fn(model(inputs), targets).backward()
            norms[step] = nn.utils.clip_grad_norm_(model.parameters(), 1e-3).item()
            optimizer.step()
    for step, norm in notebook.of(GRADIENT_NORM):
        assert norm == pytest.approx(norms[step], rel=1e-5)
    assert [step for step, _ in notebook.of(GRADIENT_NORM)] == [1, 20, 40]
    prints = dict(notebook.of(BATCH))
    assert set(prints) == {1, 10, 11, 20, 21, 30, 31, 40}
    assert len(set(prints.values())) == len(prints)
    sizes = dict(notebook.of(INPUT_SIZE))
    assert sizes[20] == several[19][0].abs().max().item()
    assert notebook.of(f"{MOVING}0.weight") == [(40, 1.0)]


def test_the_rows_of_a_batch_that_is_worth_a_look(made):
    model, optimizer, loss_fn = made
    notebook = Notebook()
    several = batches(4)
    several[2][0][3, 1] = math.nan
    with overhearing(model, [optimizer], None, notebook) as overheard:
        for inputs, targets in several[:3]:
            overheard.ids.append(["a", "b", "c", "d", "e", "f"])
            optimizer.zero_grad()
            loss_fn(model(inputs), targets).backward()
            optimizer.step()
    assert overheard.rows[3] == (3,)
    assert overheard.kept[-1] == (3, [["a", "b", "c", "d", "e", "f"]])


def test_instruments_measure_the_step_after_they_are_armed(made):
    model, optimizer, loss_fn = made
    notebook = Notebook()
    with overhearing(model, [optimizer], None, notebook) as overheard:
        for inputs, targets in batches(3):
            optimizer.zero_grad()
            loss_fn(model(inputs), targets).backward()
            optimizer.step()
            if overheard.step == 1:
                overheard.arm()
    ((step, names),) = notebook.measured_at
    assert step == 2
    assert {"gradient/0.weight", "update/0.weight", "weight/2.bias"} <= names


def test_everything_is_taken_away_again_also_after_an_error(made):
    model, optimizer, loss_fn = made
    before = torch.autograd.backward, torch.amp.GradScaler.scale

    def dies():
        with overhearing(model, [optimizer], loss_fn, Notebook()) as overheard:
            overheard.arm()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        dies()
    assert (torch.autograd.backward, torch.amp.GradScaler.scale) == before
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in (*model.modules(), loss_fn))  # noqa: SLF001


def test_checkpointed_parts_do_not_count_twice(made):
    from torch.utils.checkpoint import checkpoint

    model, optimizer, loss_fn = made
    notebook = Notebook()
    with overhearing(model, [optimizer], None, notebook):
        for inputs, targets in batches(3):
            optimizer.zero_grad()
            hidden = checkpoint(model[:2], inputs.requires_grad_(), use_reentrant=True)
            loss = loss_fn(model[2](hidden), targets)
            loss.backward()
            optimizer.step()
            assert notebook.steps[-1][1] == loss.item()
