import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kilter.data.plain_text import part_text
from kilter.data.preprocessing import Preprocessing
from kilter.data.settings import PreprocessingSettings
from kilter.data.streaming import CONTEXT, StreamSource, encode_stream
from kilter.data.vocabulary import BEGIN
from kilter.values.errors import RecipeError
from kilter.values.recipe import BatchSize
from kilter.values.table import Field, Kind, Schema, Table
from kilter.values.task import IGNORED, Form

SCHEMA = Schema(inputs=(Field(name="text", kind=Kind.TEXT),), target="text", target_kind=Kind.TEXT, stream=True)
WORDS = ["king", "and", "queen", "went", "to", "bed.", "Why?", "because:", "it's", "late\n"]


def a_text(characters=2_000, seed=0):
    draw = np.random.default_rng(seed)
    return " ".join(draw.choice(WORDS, characters // 4))[:characters]


def table(text):
    stream = part_text(text, name="f")
    return Table(columns={"text": stream.column}, ids=tuple(f"f@{place}" for place in stream.places))


def source(text, *, unit="character", size=3, tokens=None, trained_on=None, batch=None):
    rows = table(text)
    settings = PreprocessingSettings(unit=unit, lower=False, minimum_count=1)
    preprocessing = Preprocessing.fit(
        rows if trained_on is None else table(trained_on), SCHEMA, settings, form=Form.NEXT
    )
    batch = batch or (BatchSize(tokens=tokens) if tokens else BatchSize(size=size))
    return StreamSource(table=rows, schema=SCHEMA, preprocessing=preprocessing, stack=torch.tensor, batch=batch)


def judged(batch):
    """(the token before, the judged token) of every judged place, row by row."""
    return [
        list(zip(tokens[target != IGNORED].tolist(), target[target != IGNORED].tolist(), strict=True))
        for tokens, target in zip(batch.inputs["tokens"], batch.target, strict=True)
    ]


def whole(given_source):
    return np.concatenate(list(given_source.targets)).tolist()


@pytest.mark.parametrize("unit", ["character", "word", "bpe"])
def test_evaluation_judges_every_token_once_and_the_first_from_the_beginning(unit):
    given_source = source(a_text(), unit=unit)
    rows = [row for batch in given_source.sweep() for row in judged(given_source.plain(batch))]
    pairs = [pair for row in rows for pair in row]
    tokens = whole(given_source)
    assert [after for _, after in pairs] == tokens
    assert [before for before, _ in pairs] == [BEGIN, *tokens[:-1]]
    assert [len(row) for row in rows] == list(map(len, given_source.targets))


@pytest.mark.parametrize("epoch", range(4))
def test_the_windows_of_an_epoch_hold_every_token_once(epoch):
    given_source = source(a_text())
    rows = {}
    for plan in given_source.plan(seed=5, epoch=epoch):
        rows.update(zip(plan, judged(given_source.batch(plan, seed=5, epoch=epoch)), strict=True))
    pairs = [pair for row in sorted(rows) for pair in rows[row]]
    tokens = whole(given_source)
    assert pairs == list(zip([BEGIN, *tokens[:-1]], tokens, strict=True))


def test_every_epoch_cuts_differently_and_each_the_same_way_again():
    given_source = source(a_text(5_000))
    firsts = [tuple(given_source.batch([3], seed=1, epoch=epoch).target[0, :20].tolist()) for epoch in range(6)]
    again = [tuple(given_source.batch([3], seed=1, epoch=epoch).target[0, :20].tolist()) for epoch in range(6)]
    assert firsts == again
    assert len(set(firsts)) >= 5


def test_a_row_is_led_up_to_by_what_stands_before_it():
    given_source = source(a_text())
    batch = given_source.plain([0, 1, 4])
    text = [BEGIN, *whole(given_source)]
    assert batch.inputs["tokens"][2, : CONTEXT + 256].tolist() == text[4 * 256 - CONTEXT : 5 * 256]
    assert (batch.target[2, :CONTEXT] == IGNORED).all()
    assert batch.target[2, CONTEXT].item() == text[4 * 256 + 1]
    assert batch.inputs["mask"].sum(dim=1).tolist() == [256, 256 + CONTEXT, 256 + CONTEXT]
    assert batch.ids == ("f@0", "f@256", "f@1024")


def test_a_batch_does_not_depend_on_who_else_stands_in_it():
    given_source = source(a_text())
    alone, among = given_source.plain([7]), given_source.plain([7, 3])
    length = alone.inputs["tokens"].shape[1]
    assert torch.equal(alone.inputs["tokens"][0], among.inputs["tokens"][0, :length])
    assert torch.equal(alone.target[0], among.target[0, :length])
    assert (among.target[0, length:] == IGNORED).all()


@given(st.text("ab \n", min_size=1, max_size=900).filter(str.strip))
def test_words_are_never_cut_and_none_is_lost(text):
    given_source = source(text, unit="word")
    vocabulary = Preprocessing.fit(
        table(text), SCHEMA, PreprocessingSettings(lower=False, minimum_count=1), form=Form.NEXT
    ).vocabulary
    rows = encode_stream(table(text).columns["text"].tolist(), vocabulary)
    assert len(rows) == len(given_source)
    short = [word for word in text.split() if len(word) > 64]
    if not short:  # longer words may be cut at a row's end
        assert len(rows.flat) == len(text.split())
    for plan in given_source.sweep():
        given_source.plain(plan)


def test_a_row_without_words_judges_nothing():
    given_source = source("one two" + " " * 600 + "three", unit="word")
    assert [len(target) for target in given_source.targets] == [2, 0, 1]
    batch = given_source.plain([1])
    assert batch.inputs["mask"].any()
    assert (batch.target == IGNORED).all()


def test_a_budget_of_tokens_is_kept():
    given_source = source(a_text(4_000), tokens=1_024)
    assert max(map(len, given_source.plan(seed=0, epoch=0))) == 4
    assert sorted(row for batch in given_source.plan(seed=0, epoch=0) for row in batch) == list(
        range(len(given_source))
    )


def test_an_example_is_its_text():
    given_source = source("to be or not")
    example = given_source.example(0)
    assert (example.inputs["text"], example.target, example.id) == ("to be or not", "to be or not", "f@0")


def test_a_bag_of_ngrams_has_no_next_token():
    with pytest.raises(RecipeError, match="'ngrams'"):
        source("to be or not", unit="ngrams")


def test_windows_that_do_not_fill_a_batch_are_left_out_where_batches_are_complete():
    def made(size):
        given_source = source(a_text(1_500), batch=BatchSize(size=size, complete=True))
        return [len(rows) for rows in given_source.plan(seed=0, epoch=0)]

    count = len(source(a_text(1_500)))
    assert count % 4
    assert made(4) == [4] * (count // 4)
    with pytest.raises(RecipeError, match=r"batch\.complete with batch\.size = 500"):
        made(500)


def test_other_batches_have_the_same_windows():
    first = source(a_text(), size=3)
    other = first.batched(BatchSize(size=5))
    assert [len(rows) for rows in first.sweep()] == [3, 3, 2]
    assert [len(rows) for rows in other.sweep()] == [5, 3]
    assert [row for rows in other.sweep() for row in rows] == [row for rows in first.sweep() for row in rows]
    here, there = (split.batch([0, 2], seed=1, epoch=2) for split in (first, other))
    assert torch.equal(here.inputs["tokens"], there.inputs["tokens"])
    by_tokens = first.batched(BatchSize(tokens=4 * CONTEXT))
    assert by_tokens.sweep() == source(a_text(), tokens=4 * CONTEXT).sweep()
