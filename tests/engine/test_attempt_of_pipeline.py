"""What a finder begins is the training itself: the same weights, batches and rates."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from kilter.engine.attempt import begin
from kilter.engine.schedules import rate
from kilter.engine.stepping import loss_and_gradients
from kilter.testing.sources import TextSource
from kilter.training.fit import fit

from .conftest import source


def settings(**sections):
    return {"train": {"length": "3ep", "seed": 5}, "batch": {"size": 16, "accumulate": 2}, **sections}


def test_its_steps_are_those_of_the_training(make_pipeline):
    pipeline = make_pipeline(dropout=0.3, noise=0.1, **settings(schedule={"name": "cosine", "warmup": "2st"}))
    fitted = fit(pipeline, hooks=())
    attempt = begin(pipeline, seed=5)

    assert attempt.total == fitted.step == 6
    assert [attempt.step() for _ in range(6)] == fitted.history["train.loss"].values.tolist()
    assert attempt.evaluate() == pytest.approx(fitted.history.last("valid.loss"), rel=1e-6)


def test_evaluation_is_that_of_the_weights_to_be_judged(make_pipeline):
    sections = settings(optimizer="schedule_free_adamw", schedule={"name": "constant"})
    pipeline = make_pipeline(**sections)
    fitted = fit(pipeline, hooks=())
    attempt = begin(pipeline, seed=5)
    for _ in range(6):
        attempt.step()
    trained = [parameter.detach().clone() for parameter in attempt.model.parameters()]
    assert attempt.evaluate() == pytest.approx(fitted.history.last("valid.loss"), rel=1e-6)
    assert all(map(torch.equal, trained, attempt.model.parameters()))
    assert attempt.model.training


def rates_of(attempt, steps):
    seen = []
    for _ in range(steps):
        attempt.step()
        seen.append(attempt.optimizers[0].param_groups[0]["lr"])
    return seen


def test_another_rate_keeps_the_schedule_and_a_shorter_length_goes_through_all_of_it(make_pipeline):
    pipeline = make_pipeline(**settings(schedule={"name": "cosine", "warmup": "2st"}, train={"length": "6ep"}))
    schedule = pipeline.recipe.schedule
    whole = [0.5 * rate(schedule, step=step, total=12, steps_per_epoch=2) for step in range(12)]
    assert begin(pipeline, rate=0.5).rate == 0.5
    assert rates_of(begin(pipeline, rate=0.5), 12) == pytest.approx(whole)
    assert rates_of(begin(pipeline, rate=0.5, steps=4), 4) == pytest.approx([whole[place] for place in (1, 4, 7, 10)])


def test_another_batch_size_leaves_the_pipeline_as_it_is(make_pipeline):
    pipeline = make_pipeline(**settings())
    attempt = begin(pipeline, batch=8)
    assert (attempt.total, attempt.examples_a_step) == (12, 16)
    assert [len(batch.ids) for batch in attempt.widest()] == [8]
    assert [len(rows) for rows in pipeline.splits["train"].plan(seed=0, epoch=0)] == [16] * 4
    assert begin(pipeline).examples_a_step == 32


def test_a_training_by_the_clock_has_no_total(make_pipeline):
    pipeline = make_pipeline(train={"length": "1min"}, schedule={"name": "constant"})
    attempt = begin(pipeline, steps=3)
    assert attempt.total is None
    assert rates_of(attempt, 3) == [attempt.rate] * 3


def test_several_batches_are_one_window(make_pipeline):
    pipeline = make_pipeline()
    train = pipeline.splits["train"]
    one, two = (train.plain(range(at, at + 16)) for at in (0, 16))
    together, apart = begin(pipeline), begin(pipeline)
    together.step_on(one, two)
    apart.step_on(train.plain(range(32)))
    assert together.optimizers[0].state[next(together.model.parameters())]["step"] == 1
    for mine, other in zip(together.model.parameters(), apart.model.parameters(), strict=True):
        assert torch.allclose(mine, other, atol=1e-6)


def test_without_a_validation_split_evaluation_is_not_a_number(make_pipeline):
    pipeline = make_pipeline()
    assert math.isnan(begin(replace(pipeline, splits={"train": pipeline.splits["train"]})).evaluate())


def test_evaluation_of_some_batches_is_spread_over_the_split(make_pipeline):
    pipeline = make_pipeline()
    valid = source(30, seed=1, size=10)
    attempt = begin(replace(pipeline, splits={**pipeline.splits, "valid": valid}))
    losses = [loss_and_gradients(pipeline, attempt.model, valid.plain(range(at, at + 10)))[0] for at in (0, 10)]
    assert attempt.evaluate(2) == pytest.approx(np.mean(losses), rel=1e-5)
    assert attempt.evaluate(99) == attempt.evaluate()


@pytest.fixture
def texts(make_pipeline):
    """A pipeline whose rows are from 1 to 12 numbers wide, the longest first, in batches of 4."""
    lengths = torch.arange(12, 0, -1)
    mask = torch.arange(12)[None] < lengths[:, None]
    inputs = {"numbers": torch.ones(12, 12) * mask, "mask": mask}
    pipeline = make_pipeline()
    split = TextSource(inputs, np.arange(12) % 3, pipeline.task, size=4)
    return replace(pipeline, splits={"train": split})


def test_the_widest_batch_and_the_longest_are_chosen(texts):
    attempt = begin(texts, batch=5)
    (widest,) = attempt.widest()
    assert widest.inputs["numbers"].shape == (5, 12)


class Wide:
    """A batch of many narrow rows, and two of fewer and wider ones."""

    def __init__(self, split):
        self._split = split

    def __getattr__(self, name):
        return getattr(self._split, name)

    def sweep(self):
        return [[0, 1], [6, 7, 8, 9, 10, 11], [2, 3, 4, 5]]

    def batched(self, batch):
        return self


def test_a_batch_of_few_wide_rows_comes_with_the_one_of_most_rows(texts):
    attempt = begin(replace(texts, splits={"train": Wide(texts.splits["train"])}))
    assert [batch.inputs["numbers"].shape for batch in attempt.widest()] == [(4, 10), (6, 6)]


def test_typical_batches_lie_amid_wide_and_narrow_ones(texts):
    attempt = begin(texts, batch=1)
    assert [batch.inputs["numbers"].shape[1] for batch in attempt.typical(2)] == [9, 3]
    assert len(begin(texts, batch=12).typical(5)) == 1


def test_numbers_per_example_count_padding(texts):
    wide = sum(range(1, 13)) / 12  # of numbers, and as many of the mask, one target and one weight
    assert begin(texts, batch=1).numbers_per_example() == pytest.approx(2 * wide + 2)
    assert begin(texts, batch=12).numbers_per_example() == pytest.approx(2 * 12 + 2)


def test_drawn_batches_are_of_one_size_and_share_no_row(make_pipeline):
    drawn = begin(make_pipeline()).drawn(8)
    assert [len(batch.ids) for batch in drawn] == [8] * 8
    rows = [row for batch in drawn for row in batch.ids]
    assert len(set(rows)) == 64
    assert rows != sorted(rows, key=lambda row: int(row.split(":")[1]))
    assert [len(batch.ids) for batch in begin(make_pipeline()).drawn(2)] == [16, 16]
    assert {len(batch.ids) for batch in begin(make_pipeline()).drawn(60)} == {4}


def test_the_gradient_is_one_vector_and_nothing_is_updated(make_pipeline):
    pipeline = make_pipeline()
    attempt = begin(pipeline)
    batch = pipeline.splits["train"].plain(range(16))
    before = [parameter.detach().clone() for parameter in attempt.model.parameters()]
    _, expected = loss_and_gradients(pipeline, attempt.model, batch)
    assert torch.equal(attempt.gradient(batch), torch.cat([gradient.flatten() for gradient in expected.values()]))
    assert all(map(torch.equal, before, attempt.model.parameters()))
