from dataclasses import replace

import pytest

from kilter.report.composing import compose
from kilter.report.found import (
    batch_blocks,
    found_section,
    noise_line,
    rate_blocks,
    scaling_line,
)
from kilter.report.html import render_html
from kilter.report.terminal import render_terminal
from kilter.values.batch_suggestion import (
    BatchSuggestion,
    Budget,
    Counted,
    NoiseScale,
    RateScaling,
    SizeProbe,
    StepTime,
)
from kilter.values.document import Document, Figure, Grid, Heading
from kilter.values.rate_suggestion import RateProbe, RateSuggestion
from kilter.values.run import Stage

MIB = 2**20
BATCH = BatchSuggestion(
    size=128,
    largest=1_700,
    bounded_by="memory",
    budget=Budget(bytes=2048 * MIB, counts=Counted.RESIDENT, source="limit of the cgroup", kept_back=0.1),
    probes=(
        SizeProbe(size=200, peak=400 * MIB, between=180 * MIB, fits=True, said="it fits", steps=2),
        SizeProbe(size=1_800, peak=None, fits=False, said="killed when it held 2,050 MiB", steps=3),
        SizeProbe(size=1_700, peak=1_960 * MIB, between=180 * MIB, fits=True, said="it fits", steps=3),
    ),
    times=(
        StepTime(size=1_700, seconds=0.52),
        StepTime(size=256, seconds=0.08),
        StepTime(size=128, seconds=0.041),
        StepTime(size=64, seconds=0.032),
    ),
    noise=NoiseScale(examples=310.4, low=120.0, high=900.0, batches=32, after=50),
    accumulate=2,
    scaling=RateScaling(factor=1.87, rule="square root in the examples a step (Malladi et al. 2022)"),
)
RATE = RateSuggestion(
    rate=0.0031,
    low=0.0015,
    high=0.0064,
    probes=tuple(
        RateProbe(rate=rate, steps=steps, seed=0, loss=loss, diverged=loss == float("inf"))
        for steps, losses in ((40, (0.9, 0.7, 0.8, float("inf"))), (120, (0.8, 0.5)))
        for rate, loss in zip((0.001, 0.003, 0.01, 0.1), losses, strict=False)
    ),
    cost=0.83,
    length=1_200,
    stable=True,
)


def text(blocks):
    return render_terminal(Document(title="found", blocks=tuple(blocks)), width=120)


def test_a_batch_size_as_text(golden):
    golden("batch_size.txt", text(batch_blocks(BATCH, seconds=31.4)))


def test_a_learning_rate_as_text(golden):
    golden("learning_rate.txt", text(rate_blocks(RATE, seconds=44.0)))


@pytest.mark.parametrize(
    ("noise", "said"),
    [
        (None, "was not measured"),
        (replace(BATCH.noise, examples=None), "pay up to 120 examples a step at least"),
        (replace(BATCH.noise, high=None, after=1), "120 to no upper end; the gradient noise scale after 1 step;"),
        (BATCH.noise, "stop paying beyond 310 examples a step (95 % interval: 120 to 900;"),
    ],
)
def test_where_larger_batches_stop_paying_is_said_in_words(noise, said):
    assert said in noise_line(noise)


def test_a_rate_that_stays_is_not_spoken_of():
    assert scaling_line(None) == ""
    assert scaling_line(BATCH.scaling).startswith("With it, multiply the learning rate by 1.9: square root")


def test_the_figure_of_rates_has_a_line_a_length_and_leaves_what_diverged_out():
    (figure,) = (block for block in rate_blocks(RATE) if isinstance(block, Figure))

    assert figure.spec["layout"]["xaxis"]["type"] == "log"
    assert [trace["name"] for trace in figure.spec["data"]] == ["after 120 steps", "after 40 steps"]
    assert figure.spec["data"][1]["y"] == [0.9, 0.7, 0.8, None]
    assert "The lowest is 0.5, at 0.003 after 120 steps. From 0.1 on some diverge." in figure.says


def test_the_figure_of_memory_has_the_budget_and_only_sizes_that_could_tell():
    (figure,) = (block for block in batch_blocks(BATCH) if isinstance(block, Figure))

    assert [tuple(trace["x"]) for trace in figure.spec["data"]] == [(200, 1700), (200, 1700)]
    assert tuple(figure.spec["data"][1]["y"]) == (2048, 2048)
    assert figure.spec["layout"]["shapes"] == []  # 128 is no size that was probed, and lies beside them
    alone = replace(BATCH, probes=BATCH.probes[-1:])
    assert not [block for block in batch_blocks(alone) if isinstance(block, Figure)]


def test_seeds_are_averaged_and_a_search_that_was_cut_says_so():
    probes = (replace(RATE.probes[0], seed=1, loss=0.7), *RATE.probes)
    blocks = tuple(rate_blocks(replace(RATE, probes=probes, stable=False)))

    (figure,) = (block for block in blocks if isinstance(block, Figure))
    assert figure.spec["data"][1]["y"][0] == pytest.approx(0.8)
    assert "no: the budget ended the search, and more" in str(
        [block.rows for block in blocks if isinstance(block, Grid)]
    )


def test_without_a_validation_split_losses_are_those_of_training():
    said = text(rate_blocks(replace(RATE, validated=False)))

    assert "training loss" in said
    assert "the mean of the last quarter of the steps of each" in " ".join(said.split())
    assert "validation loss" not in said


def test_a_report_has_the_section_where_something_was_found(languages):
    assert list(found_section(languages)) == []
    took = Stage(name="learning-rate", status="done", seconds=90.0, summary="")
    run = replace(languages, batch_size=BATCH, learning_rate=RATE, stages=(*languages.stages, took))
    document = compose(run)
    headings = [block.text for block in document.blocks if isinstance(block, Heading)]

    assert headings[headings.index("Alerts") + 1 :][:4] == [
        "Batch size and learning rate",
        "Batches of 128 examples, 2 of them a step: 256 examples",
        "A learning rate of 0.0031",
        "Curves",
    ]
    assert "multiply the learning rate" not in str(document)  # it was found at this size
    assert "multiply the learning rate by 1.9" in str(compose(replace(run, learning_rate=None)))
    assert "1.5 min" in str(document)
    assert "Loss by learning rate" in render_html(document)
    only = list(found_section(replace(languages, learning_rate=RATE)))
    assert [block.text for block in only[:2]] == ["Learning rate", "A learning rate of 0.0031"]
