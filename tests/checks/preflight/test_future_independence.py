"""What is said of the next token, and what comes after it."""

from functools import partial

import pytest

from kilter.checks.preflight.future_independence import FutureIndependence
from kilter.testing.healthy.pipelines import VOCABULARY, over_tokens
from kilter.testing.healthy.sequence_pipelines import of_next, of_text, of_tokens
from kilter.testing.planted.sequence_networks import Centred
from kilter.testing.sequence_networks import CausalAttention, CausalRecurrent, Writer
from kilter.values.finding import Severity, Skipped


@pytest.mark.parametrize(
    "pipeline",
    [
        partial(of_next, partial(CausalAttention, VOCABULARY, causal=False)),
        partial(of_next, partial(CausalRecurrent, VOCABULARY, both=True)),
        partial(of_next, partial(Centred, VOCABULARY)),
        partial(of_text, partial(Writer, VOCABULARY, both=True)),
    ],
)
def test_a_model_that_looks_ahead_is_a_failure(pipeline):
    (finding,) = FutureIndependence().examine(pipeline())
    assert finding.severity is Severity.FAILURE
    assert finding.causes[0] == "future_leak"
    assert finding.evidence["change"] > 1e-4


@pytest.mark.parametrize("make", [of_next, of_text, partial(of_next, partial(CausalRecurrent, VOCABULARY))])
def test_a_model_that_reads_in_one_direction_is_silent(make):
    assert list(FutureIndependence().examine(make())) == []


@pytest.mark.parametrize("make", [over_tokens, of_tokens])
def test_answers_that_may_look_ahead_are_skipped(make):
    (said,) = FutureIndependence().examine(make())
    assert isinstance(said, Skipped)


def test_an_input_that_is_shifted_by_one_is_found():
    def ahead(model, batch):
        return model(batch.inputs["tokens"].roll(-1, dims=1))

    pipeline = of_next(partial(CausalRecurrent, VOCABULARY))
    shifted = type(pipeline)(
        task=pipeline.task,
        make_model=pipeline.make_model,
        splits=pipeline.splits,
        recipe=pipeline.recipe,
        forward=ahead,
    )
    (finding,) = FutureIndependence().examine(shifted)
    assert finding.severity is Severity.FAILURE


def test_rows_of_one_token_each_have_nothing_to_exchange():
    single = of_next(partial(CausalRecurrent, VOCABULARY))
    source = single.splits["train"]
    rows = source.plain(range(len(source)))
    from kilter.testing.sources import TextSource

    one = TextSource(
        {"tokens": rows.inputs["tokens"][:, :1], "mask": rows.inputs["mask"][:, :1]},
        rows.target[:, :1].numpy(),
        single.task,
    )
    pipeline = type(single)(task=single.task, make_model=single.make_model, splits={"train": one}, recipe=single.recipe)
    (said,) = FutureIndependence().examine(pipeline)
    assert isinstance(said, Skipped)
    assert "no row has two tokens" in said.reason
