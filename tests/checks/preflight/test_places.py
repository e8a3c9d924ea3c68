"""Places of sequences in a batch."""

from functools import partial

import pytest
import torch

from kilter.checks.preflight.bench import Bench
from kilter.checks.preflight.places import (
    answered_places,
    exchanged,
    longest,
    mask_of,
    only_places,
    padded,
    under_masks,
)
from kilter.testing.healthy.pipelines import over_numbers
from kilter.testing.healthy.sequence_pipelines import of_next, of_pairs, of_text, of_tokens


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (over_numbers, {}),
        (of_tokens, {"mask": ("tokens", "characters")}),
        (of_pairs, {"mask": ("tokens", "segments")}),
        (of_text, {"mask": ("tokens",), "answers_mask": ("answers",)}),
    ],
)
def test_each_input_with_places_stands_under_its_mask(make, expected):
    assert under_masks(Bench(make()).sample(6)) == expected


def test_target_texts_as_long_as_the_inputs_keep_their_own_mask():
    batch = Bench(of_text()).sample(6)
    wide = padded(batch, "answers_mask", more=batch.inputs["mask"].shape[1] - batch.inputs["answers"].shape[1])
    assert wide.inputs["answers"].shape == wide.inputs["tokens"].shape
    assert under_masks(wide) == {"mask": ("tokens",), "answers_mask": ("answers",)}
    assert mask_of(wide, "answers") is wide.inputs["answers_mask"]


def test_padding_is_added_behind_and_behind_the_letters():
    batch = Bench(of_tokens()).sample(6)
    wide = padded(batch, "mask", more=3)
    width = batch.inputs["tokens"].shape[1]
    assert wide.inputs["tokens"].shape[1] == wide.inputs["mask"].shape[1] == width + 3
    assert wide.inputs["characters"].shape[1:] == (width + 3, batch.inputs["characters"].shape[2] + 3)
    assert not wide.inputs["mask"][:, width:].any()
    assert not wide.inputs["characters"][:, :, -3:].any()
    assert torch.equal(wide.inputs["tokens"][:, :width], batch.inputs["tokens"])


def test_contents_are_exchanged_where_both_rows_have_some():
    batch = Bench(of_tokens()).sample(6)
    mask, rows = batch.inputs["mask"], [5, 0, 1, 2, 3, 4]
    other = exchanged(batch, "characters", rows)
    both = mask & mask[rows]
    assert torch.equal(other[both], batch.inputs["characters"][rows][both])
    assert torch.equal(other[~both], batch.inputs["characters"][~both])
    numbers = Bench(over_numbers()).sample(6)
    assert torch.equal(exchanged(numbers, "numbers", rows), numbers.inputs["numbers"][rows])


def test_answers_stand_where_the_form_says():
    tagged, text = Bench(of_tokens()), Bench(of_text())
    batch = text.sample(4)
    assert answered_places(text.pipeline.task, batch) is batch.inputs["answers_mask"]
    batch = tagged.sample(4)
    assert answered_places(tagged.pipeline.task, batch) is batch.inputs["mask"]
    plain = Bench(over_numbers())
    assert answered_places(plain.pipeline.task, plain.sample(4)) is None


def test_outputs_of_padding_are_left_out_and_others_stay():
    mask = torch.tensor([[True, False], [True, True]])
    each, one = torch.ones(2, 2, 3), torch.ones(2, 5)
    kept = only_places((each, one), mask)
    assert kept[0].sum() == 9
    assert kept[1] is one
    assert only_places((each,), None)[0] is each


def test_long_rows_are_few_in_a_batch():
    bench = Bench(of_next(partial(torch.nn.Embedding, 40, 40), longest=60, rows=400, batch={"size": 200}))
    batch = bench.sample(200)
    assert len(batch) < 60
    assert len(batch) * longest(batch) <= 2048
    assert longest(Bench(over_numbers()).sample(4)) == 1
