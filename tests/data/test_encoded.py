import math
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kilter.data.encoded import EncodedSource
from kilter.data.mixup import mixed_up
from kilter.data.preprocessing import Preprocessing
from kilter.data.settings import PreprocessingSettings
from kilter.data.tabling import table_of
from kilter.data.text_variations import Synonyms
from kilter.training.itinerary import Leg
from kilter.training.loading import load
from kilter.values.errors import DataError, RecipeError
from kilter.values.recipe import Augment, BatchSize
from kilter.values.table import Field, Kind, Schema
from kilter.values.task import Form

KINDS = {"text": Kind.TEXT, "size": Kind.NUMBER, "colour": Kind.CATEGORY, "picture": Kind.IMAGE}
ROWS = 30


def stack(targets):
    return torch.as_tensor(np.asarray(targets, dtype=np.int64))


def pad(targets):
    return torch.nn.utils.rnn.pad_sequence([torch.tensor(target) for target in targets], batch_first=True)


def table():
    random = np.random.default_rng(0)
    return table_of(
        {
            "text": [" ".join("word" for _ in range(number % 7)) for number in range(ROWS)],
            "size": [math.nan if number == 4 else number / 3 for number in range(ROWS)],
            "colour": [["red", "blue", None][number % 3] for number in range(ROWS)],
            "picture": random.integers(0, 256, (ROWS, 4, 4)).astype(np.uint8),
            "weight": np.arange(ROWS) / 10,
            "label": ["x", "y"] * (ROWS // 2),
        },
        "t",
    )


def source(*names, targets=True, batch=None, augment=None, weight=None, synonyms=None, **settings):
    fields = tuple(Field(name=name, kind=KINDS[name]) for name in names or KINDS)
    schema = Schema(inputs=fields, target="label", target_kind=Kind.CATEGORY, weight=weight)
    preprocessing = Preprocessing.fit(table(), schema, PreprocessingSettings(minimum_count=1, **settings))
    return EncodedSource(
        encoded=preprocessing.encode(table()),
        table=table(),
        schema=schema,
        targets=np.arange(ROWS) if targets is True else targets,
        stack=pad if isinstance(targets, np.ndarray) and targets.dtype.kind == "O" else stack,
        batch=batch or BatchSize(size=4),
        augment=augment,
        synonyms=synonyms,
    )


def same(left, right):
    assert left.inputs.keys() == right.inputs.keys()
    for name in left.inputs:
        assert torch.equal(left.inputs[name], right.inputs[name])
    assert torch.equal(left.target, right.target)
    assert torch.equal(left.weight, right.weight)
    assert left.ids == right.ids


def test_a_batch_holds_all_inputs_of_its_rows():
    made = source(weight="weight").plain([3, 0, 29])
    assert {name: (tuple(tensor.shape), tensor.dtype) for name, tensor in made.inputs.items()} == {
        "tokens": ((3, 5), torch.int64),
        "mask": ((3, 5), torch.bool),
        "numbers": ((3, 2), torch.float32),
        "categories": ((3, 1), torch.int64),
        "image": ((3, 1, 4, 4), torch.float32),
    }
    assert made.target.tolist() == [3, 0, 29]
    assert made.weight.tolist() == pytest.approx([0.3, 0, 2.9])
    assert made.ids == ("t#3", "t#0", "t#29")
    assert made.inputs["mask"].sum(1).tolist() == [5, 2, 3]


@given(st.lists(st.integers(0, ROWS - 1), min_size=1))
def test_a_batch_is_its_rows_one_by_one(rows):
    whole = source()
    made = whole.plain(rows)
    for place, row in enumerate(rows):
        alone = whole.plain([row])
        length = int(alone.inputs["mask"].sum())
        assert torch.equal(made.inputs["tokens"][place, :length], alone.inputs["tokens"][0])
        assert not made.inputs["tokens"][place, length:].any()
        for name in ("numbers", "categories", "image"):
            assert torch.equal(made.inputs[name][place], alone.inputs[name][0])
        assert made.ids[place] == alone.ids[0] == whole.ids[row]
        assert made.target[place] == alone.target[0] == whole.targets[row]


def test_without_weights_each_row_counts_once():
    assert source().plain([1, 2]).weight.tolist() == [1, 1]


def test_targets_may_be_sequences():
    targets = np.fromiter(([1] * (row % 3 + 1) for row in range(ROWS)), dtype=object, count=ROWS)
    made = source(targets=targets)
    assert made.plain([0, 2]).target.tolist() == [[1, 0, 0], [1, 1, 1]]
    assert made.targets is targets


def test_at_prediction_there_are_no_targets():
    made = source(targets=None)
    assert made.plain([0]).target is None
    assert np.isnan(made.targets).all()
    assert len(made.targets) == ROWS


@pytest.mark.parametrize("names", [("size",), ("text",), ("text", "size", "colour", "picture")])
@pytest.mark.parametrize("batch", [BatchSize(size=4), BatchSize(size=7, pool=1)])
def test_plans_and_sweeps_hold_every_row_once(names, batch):
    made = source(*names, batch=batch)
    for plan in (made.plan(seed=0, epoch=3), made.sweep()):
        assert sorted(row for rows in plan for row in rows) == list(range(ROWS))
        assert max(map(len, plan)) == batch.size
    assert made.plan(seed=0, epoch=3) == made.plan(seed=0, epoch=3)
    assert made.plan(seed=0, epoch=3) != made.plan(seed=0, epoch=4)
    assert made.sweep() == made.sweep()


def test_a_budget_of_tokens_is_kept():
    made = source("text", batch=BatchSize(tokens=16))
    for plan in (made.plan(seed=0, epoch=0), made.sweep()):
        assert max(made.plain(rows).inputs["tokens"].numel() for rows in plan) <= 16


def test_a_budget_below_the_longest_row_is_refused():
    with pytest.raises(RecipeError, match=r"batch\.tokens = 7 is less than the longest row, 8 tokens"):
        source("text", batch=BatchSize(tokens=7)).plan(seed=0, epoch=0)


AUGMENT = Augment(
    token_dropout=0.3, token_swaps=0.5, synonyms="words:find", noise=0.1, shift=1, flip=True, rotate=20, cutout=1
)
SYNONYMS = Synonyms(ids=torch.tensor([1]), starts=torch.tensor([0, 0, 0, 0, 0, 0, 1]))  # of the only word


@given(st.permutations(range(ROWS)), st.integers(1, ROWS))
def test_an_augmented_row_is_the_same_in_any_company(order, size):
    made = source(augment=AUGMENT, synonyms=SYNONYMS)
    for start in range(0, ROWS, size):
        rows = order[start : start + size]
        batch = made.batch(rows, seed=1, epoch=2)
        for place, row in enumerate(rows):
            alone = made.batch([row], seed=1, epoch=2)
            length = alone.inputs["tokens"].shape[1]
            assert torch.equal(batch.inputs["tokens"][place, :length], alone.inputs["tokens"][0])
            for name in ("numbers", "categories", "image"):
                assert torch.equal(batch.inputs[name][place], alone.inputs[name][0])


def test_only_training_batches_are_augmented_and_what_is_there_stays():
    varied, plain = source(augment=AUGMENT, synonyms=SYNONYMS), source()
    rows = list(range(ROWS))
    before = plain.plain(rows)
    made = varied.batch(rows, seed=0, epoch=0)
    for name in ("tokens", "numbers", "image"):
        assert not torch.equal(made.inputs[name], before.inputs[name])
    for name in ("mask", "categories"):
        assert torch.equal(made.inputs[name], before.inputs[name])
    same(varied.plain(rows), before)
    same(plain.batch(rows, seed=0, epoch=0), before)
    same(source(augment=Augment()).batch(rows, seed=0, epoch=0), before)
    other = varied.batch(rows, seed=0, epoch=1)
    assert not torch.equal(made.inputs["numbers"], other.inputs["numbers"])


def test_a_batch_does_not_share_memory_with_the_source():
    made = source()
    batch = made.plain([0, 1])
    for tensor in (*batch.inputs.values(), batch.target, batch.weight):
        tensor.zero_()
    assert made.plain([0, 1]).weight.tolist() == [1, 1]
    assert made.plain([0, 1]).inputs["image"].any()


@pytest.mark.parametrize(
    ("name", "batch", "augment", "met"),
    [
        ("size", BatchSize(tokens=100), None, "batch.tokens decides nothing: it is for texts"),
        ("size", BatchSize(), Augment(token_dropout=0.1), "augment.token_dropout decides nothing"),
        ("text", BatchSize(), Augment(noise=0.1), "augment.noise decides nothing"),
        ("text", BatchSize(), Augment(shift=1), "augment.shift decides nothing"),
        ("text", BatchSize(), Augment(mixup=0.2), "augment.mixup: it mixes numbers and images"),
        ("text", BatchSize(tokens=64, complete=True), None, "batch.complete decides nothing: batches of a budget"),
        ("size", BatchSize(sampling="weighted"), None, "batch.sampling: weighted decides nothing: no column says"),
    ],
)
def test_settings_that_decide_nothing_are_refused(name, batch, augment, met):
    with pytest.raises(RecipeError, match=met):
        source(name, batch=batch, augment=augment)


def test_an_example_is_what_a_person_reads():
    example = source(weight="weight").example(4)
    assert example.id == "t#4"
    assert example.weight == pytest.approx(0.4)
    assert example.target == "x"
    assert example.inputs["text"] == "word word word word"
    assert example.inputs["size"] is None
    assert example.inputs["colour"] == "blue"
    np.testing.assert_array_equal(example.inputs["picture"], table().columns["picture"][4])
    assert type(source().example(3).inputs["size"]) is float


def test_it_can_be_sent_to_another_process():
    made = source(augment=AUGMENT, synonyms=SYNONYMS, weight="weight")
    again = pickle.loads(pickle.dumps(made))
    same(again.batch([5, 6], seed=0, epoch=0), made.batch([5, 6], seed=0, epoch=0))
    assert again.plan(seed=0, epoch=0) == made.plan(seed=0, epoch=0)
    assert repr(again) == "EncodedSource(30 rows: tokens, numbers, categories, image)"


def test_rows_that_do_not_agree_are_refused():
    schema = Schema(inputs=(Field(name="size", kind=Kind.NUMBER),), target="label", target_kind=Kind.CATEGORY)
    encoded = Preprocessing.fit(table(), schema, PreprocessingSettings()).encode(table())
    for rows, targets in ((5, None), (ROWS, np.zeros(3))):
        with pytest.raises(ValueError, match="must be equally many"):
            EncodedSource(
                encoded=encoded,
                table=table().take(range(rows)),
                schema=schema,
                targets=targets,
                stack=stack,
                batch=BatchSize(),
            )


def test_target_texts_and_segments_are_padded_beside_the_tokens():
    schema = Schema(
        inputs=(Field(name="a", kind=Kind.TEXT), Field(name="b", kind=Kind.TEXT)), target="c", target_kind=Kind.TEXT
    )
    texts = table_of({"a": ["one two", "one"], "b": ["two", "two one"], "c": ["one", "two two two"]})
    made = Preprocessing.fit(texts, schema, PreprocessingSettings(minimum_count=1), form=Form.TEXT)
    given = EncodedSource(
        encoded=made.encode(texts),
        table=texts,
        schema=schema,
        targets=made.targets(texts, schema),
        stack=pad,
        batch=BatchSize(size=2),
    )
    batch = given.plain([0, 1])

    assert set(batch.inputs) == {"tokens", "mask", "segments", "answers", "answers_mask"}
    assert batch.inputs["segments"].shape == batch.inputs["tokens"].shape == batch.inputs["mask"].shape
    assert batch.inputs["answers"].shape == batch.inputs["answers_mask"].shape == batch.target.shape
    assert batch.inputs["answers_mask"].sum(dim=1).tolist() == [2, 4]


def test_each_word_of_a_batch_is_spelled():
    schema = Schema(inputs=(Field(name="words", kind=Kind.TOKENS),), target="tags", target_kind=Kind.TOKENS)
    words = table_of({"words": [["to", "do"], ["to"]], "tags": [["O", "O"], ["O"]]})
    made = Preprocessing.fit(words, schema, PreprocessingSettings(minimum_count=1), form=Form.TOKEN)
    given = EncodedSource(
        encoded=made.encode(words), table=words, schema=schema, targets=None, stack=stack, batch=BatchSize(size=2)
    )
    letters = given.plain([1, 0]).inputs["characters"]

    assert letters.shape == (2, 2, 20)
    assert letters[0, 0].tolist() == letters[1, 0].tolist()
    assert not letters[0, 1].any()  # padding


def of_tasks(batch, *, texts=True):
    """Rows of which a third has the first target, the others the second, and one of five both."""
    fields = (Field(name="text", kind=Kind.TEXT),) if texts else (Field(name="size", kind=Kind.NUMBER),)
    schema = Schema(inputs=fields, target="a, b", target_kind=Kind.RECORD)
    rows = np.arange(ROWS)
    targets = np.stack(
        [np.where(rows % 3 == 0, 1.0, np.nan), np.where((rows % 3 > 0) | (rows % 5 == 0), 2.0, np.nan)], 1
    )
    return EncodedSource(
        encoded=Preprocessing.fit(table(), schema, PreprocessingSettings(minimum_count=1)).encode(table()),
        table=table(),
        schema=schema,
        targets=targets,
        stack=lambda given: torch.as_tensor(np.asarray(given)),
        batch=batch,
    )


@pytest.mark.parametrize("texts", [True, False])
def test_where_tasks_are_sampled_each_batch_is_of_one(texts):
    made = of_tasks(BatchSize(size=4, sampling="tasks"), texts=texts)
    plan = made.plan(seed=0, epoch=1)

    for rows in plan:
        assert len({tuple(np.isnan(made.targets[row])) for row in rows}) == 1
    assert sorted(row for rows in plan for row in rows) == list(range(ROWS))
    assert plan != made.plan(seed=0, epoch=2)
    alike = of_tasks(BatchSize(size=4, sampling="tasks", sampling_exponent=0.0), texts=texts).plan(seed=0, epoch=1)
    of_task = [tuple(np.isnan(made.targets[rows[0]])) for rows in alike]
    assert max(map(of_task.count, of_task)) - min(map(of_task.count, of_task)) <= 1


def test_sampling_that_decides_nothing_is_refused():
    with pytest.raises(RecipeError, match=r"batch\.sampling: tasks decides nothing"):
        source(batch=BatchSize(size=4, sampling="tasks"))
    with pytest.raises(RecipeError, match=r"batch\.sampling_exponent decides nothing"):
        of_tasks(BatchSize(size=4, sampling_exponent=0.5))


@pytest.mark.parametrize("names", [("size",), ("text", "size")])
@pytest.mark.parametrize("batch", [{"size": 4}, {"size": 7, "complete": True}])
def test_balanced_batches_have_as_many_rows_of_each_class(names, batch):
    rare = np.array([0] * 25 + [1] * 5)
    made = source(*names, targets=rare, batch=BatchSize(sampling="balanced", **batch))
    for epoch in range(3):
        rows = [row for drawn in made.plan(seed=0, epoch=epoch) for row in drawn]
        counts = np.bincount(rare[rows], minlength=2)
        assert counts.sum() == (28 if "complete" in batch else ROWS)
        assert abs(counts[0] - counts[1]) <= 2 * ("complete" in batch)
    assert made.plan(seed=0, epoch=0) != made.plan(seed=0, epoch=1)
    assert made.batch([0, 29], seed=0, epoch=0).weight.tolist() == [1, 1]


def test_balanced_batches_keep_their_budget():
    made = source("text", targets=np.arange(ROWS) % 3 // 2, batch=BatchSize(tokens=16, sampling="balanced"))
    assert max(made.plain(rows).inputs["tokens"].numel() for rows in made.plan(seed=0, epoch=0)) <= 16


def test_rows_that_are_drawn_by_their_weights_count_once_each():
    made = source("size", weight="weight", batch=BatchSize(size=4, sampling="weighted"))
    rows = [row for epoch in range(200) for drawn in made.plan(seed=0, epoch=epoch) for row in drawn]
    shares = np.bincount(rows, minlength=ROWS) / 200
    np.testing.assert_allclose(shares, ROWS * np.arange(ROWS) / np.arange(ROWS).sum(), atol=0.1)
    assert made.batch([3, 29], seed=0, epoch=0).weight.tolist() == [1, 1]
    assert made.plain([3, 29]).weight.tolist() == pytest.approx([0.3, 2.9])


def test_rows_that_weigh_nothing_cannot_be_drawn():
    schema = Schema(
        inputs=(Field(name="size", kind=Kind.NUMBER),), target="label", target_kind=Kind.CATEGORY, weight="zero"
    )
    rows = table_of({"size": [1.0, 2.0], "label": ["x", "y"], "zero": np.zeros(2)})
    made = EncodedSource(
        encoded=Preprocessing.fit(rows, schema, PreprocessingSettings()).encode(rows),
        table=rows,
        schema=schema,
        targets=np.arange(2),
        stack=stack,
        batch=BatchSize(size=1, sampling="weighted"),
    )
    with pytest.raises(DataError, match="all 2 rows weigh 0"):
        made.plan(seed=0, epoch=0)


def test_amounts_have_no_classes_to_balance():
    with pytest.raises(RecipeError, match=r"batch\.sampling: balanced decides nothing: it is for a target that is one"):
        of_tasks(BatchSize(sampling="balanced"))


def test_complete_batches_that_nothing_fills_are_refused():
    with pytest.raises(RecipeError, match=r"batch\.complete with batch\.size = 31 and 30 rows"):
        source("size", batch=BatchSize(size=31, complete=True)).plan(seed=0, epoch=0)
    with pytest.raises(RecipeError, match=r"batch\.complete with batch\.size = 9 and 8 rows"):  # of the smaller task
        of_tasks(BatchSize(size=9, complete=True, sampling="tasks", sampling_exponent=0.5)).plan(seed=0, epoch=0)


def test_rows_are_mixed_after_they_were_varied_and_only_in_training():
    made = source("picture", targets=np.arange(ROWS), augment=Augment(flip=True, mixup=0.5))
    varied = source("picture", targets=np.arange(ROWS), augment=Augment(flip=True))
    rows = [4, 8, 15]
    expected = mixed_up(varied.batch(rows, seed=2, epoch=3), alpha=0.5, seed=2, epoch=3, rows=rows)
    same(made.batch(rows, seed=2, epoch=3), expected)
    same(made.plain(rows), varied.plain(rows))


@pytest.mark.parametrize("mixup", [0.0, 0.4])
def test_workers_make_the_same_batches(mixup):
    if mixup:
        made = source("picture", augment=Augment(shift=1, mixup=mixup))
    else:
        made = source(augment=AUGMENT, synonyms=SYNONYMS)
    legs = [Leg(step, 1, [rows]) for step, rows in enumerate(made.plan(seed=0, epoch=1))]
    alone = load(made, legs, seed=0, workers=0)
    for here, there in zip(alone, load(made, legs, seed=0, workers=2), strict=True):
        same(here.window[0], there.window[0])


def test_other_batches_have_the_same_rows():
    first = source(augment=Augment(noise=0.5))
    other = first.batched(BatchSize(size=7, pool=2))
    assert sorted(map(len, other.plan(seed=0, epoch=1))) == [2, 7, 7, 7, 7]
    assert sorted(map(len, first.plan(seed=0, epoch=1))) == [2] + [4] * 7
    here, there = (split.batch([3, 5], seed=1, epoch=2) for split in (first, other))
    same(here, there)


def test_other_batches_are_sampled_as_these():
    balanced = source(targets=np.array([0] * 20 + [1] * 10), batch=BatchSize(size=4, sampling="balanced"))
    rows = [row for batch in balanced.batched(BatchSize(size=6)).plan(seed=0, epoch=0) for row in batch]
    classes = np.bincount(balanced.targets[rows])
    assert abs(int(classes[0]) - int(classes[1])) <= 6


def test_other_batches_by_tokens_need_tokens():
    assert max(map(len, source("text").batched(BatchSize(tokens=12)).sweep())) > 2
    with pytest.raises(RecipeError, match=r"batch\.tokens"):
        source("size").batched(BatchSize(tokens=12))
