"""A pipeline as a program trains as the pipeline does."""

from dataclasses import replace

import pytest
import torch

from kilter.checks.program.bench import Bench
from kilter.checks.program.projecting import program_of
from kilter.engine.optimizers import make_optimizer
from kilter.engine.programs import batches, make, train_step
from kilter.engine.recording import record, state
from kilter.engine.schedules import rate
from kilter.engine.seeding import fresh_model
from kilter.engine.stepping import step
from kilter.testing.healthy.pipelines import over_numbers, over_tokens
from kilter.values.program import Kind


@pytest.mark.parametrize("pipeline", [over_numbers, over_tokens])
def test_it_takes_the_steps_that_the_engine_takes(pipeline):
    given = pipeline()
    program, count = program_of(given), 5
    made = make(program, given.recipe.train.seed)
    for _, batch in batches(program, made, count):
        train_step(program, made, batch)

    source, seed = given.splits["train"], given.recipe.train.seed
    model = fresh_model(given, seed)
    optimizer = make_optimizer(given, model)
    plan = source.plan(seed=seed, epoch=0)
    total = given.recipe.train.length.steps(steps_per_epoch=len(plan))
    done = 0
    for epoch in range(count):
        for rows in source.plan(seed=seed, epoch=epoch):
            if done < count:
                factor = rate(given.recipe.schedule, step=done, total=total, steps_per_epoch=len(plan))
                window = [source.batch(rows, seed=seed, epoch=epoch)]
                every = given.recipe.optimizer.learning_rate * factor
                step(given, model, optimizer, window, learning_rate=every, clip_norm=given.recipe.train.clip_norm)
                done += 1

    expected = state(model)
    for name, tensor in state(made.model).items():
        assert torch.allclose(tensor, expected[name], atol=1e-6), name


def test_a_window_of_batches_is_one_batch():
    given = over_numbers()
    given = replace(given, recipe=given.recipe.replace("batch.accumulate", 2))
    made = make(program_of(given))
    plain = make(program_of(over_numbers()))

    assert len(made.train) == -(-len(plain.train) // 2)
    assert sum(len(answers["weight"]) for _, answers in made.train) == len(given.splits["train"])


def test_each_epoch_has_its_own_order():
    made = make(program_of(over_numbers()))
    first, second = (torch.cat([next(iter(inputs.values())) for inputs, _ in made.train]) for _ in range(2))

    assert first.shape == second.shape
    assert not torch.equal(first, second)


def test_its_roles_are_said_and_its_loss_is_heard():
    given = over_numbers()
    program = program_of(given)
    recording = record(program, make(program))
    bench = Bench(program=program)

    assert recording.error is None
    assert len(recording.steps[0].losses) == 1
    assert bench.roles.targets == ((1, "target"),)
    assert all(path[0] == 0 for path in bench.roles.inputs)
    assert program.task is Kind.CLASSIFICATION
    pair = bench.predicted(bench.made(), bench.batches(1)[0])
    assert torch.equal(pair.target, bench.batches(1)[0][1]["target"])


def test_validation_gives_the_loss_and_how_good_the_answers_are():
    given = over_numbers()
    assert program_of(given).validate is None
    given = replace(given, splits={**given.splits, "valid": given.splits["train"]})
    program = program_of(given)
    trial = Bench(program=program).trial()
    loss, accuracy = trial.reported[-1]

    assert loss == pytest.approx(trial.valid_loss, rel=0.2)
    assert accuracy == pytest.approx(trial.valid, abs=0.05)


def test_a_gradient_that_is_no_number_changes_nothing():
    program = program_of(over_numbers())
    made = make(program)
    before = state(made.model)
    for parameter in made.model.parameters():
        parameter.grad = torch.full_like(parameter, float("nan"))
    made.optimizer.step()

    assert all(torch.equal(tensor, before[name]) for name, tensor in state(made.model).items())
