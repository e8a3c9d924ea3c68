"""Pipelines over sequences with one fault each, which the preflight checks must find."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from torch import nn

from kilter.testing.healthy.pipelines import CLASSES, VOCABULARY
from kilter.testing.healthy.sequence_pipelines import LETTERS, TAGS, of_labels, of_match, of_next, of_text, of_tokens
from kilter.testing.planted import sequence_networks as faulty
from kilter.testing.planted.tasks import WithLoss, averaged
from kilter.testing.sequence_networks import CausalAttention, CausalRecurrent, Writer
from kilter.testing.subjects import Planted
from kilter.values.finding import Severity
from kilter.values.pipeline import Pipeline

FAILURE = Severity.FAILURE


def _next(kind: Callable[..., nn.Module], **options: object) -> Callable[[], Pipeline]:
    return lambda: of_next(partial(kind, VOCABULARY, **options))


def _text(kind: Callable[..., nn.Module], **options: object) -> Callable[[], Pipeline]:
    return lambda: of_text(partial(kind, VOCABULARY, **options))


def _averaged() -> Pipeline:
    pipeline = of_tokens()
    task = WithLoss(pipeline.task, averaged)
    return Pipeline(task=task, make_model=pipeline.make_model, splits=pipeline.splits, recipe=pipeline.recipe)


PLANTED_SEQUENCE_PIPELINES: tuple[Planted[Pipeline], ...] = (
    Planted(
        code="P103",
        name="examples for places",
        make=_next(faulty.BatchSecond, outputs=VOCABULARY),
        causes=("batch_dim_mixing",),
        severity=FAILURE,
    ),
    Planted(
        code="P104",
        name="a tagger that attends to padding",
        make=lambda: of_tokens(partial(faulty.PaddedTagger, VOCABULARY, len(TAGS)), characters=False),
        causes=("padding_leak",),
    ),
    Planted(
        code="P104",
        name="a mean over letters that are none",
        make=lambda: of_tokens(partial(faulty.PaddedSpelling, VOCABULARY, LETTERS, len(TAGS))),
        causes=("padding_leak",),
    ),
    Planted(code="P104", name="a reader of padding", make=_text(faulty.PaddedReader), causes=("padding_leak",)),
    Planted(
        code="P104",
        name="a match with padding",
        make=lambda: of_match(partial(faulty.PaddedMatch, VOCABULARY)),
        causes=("padding_leak",),
    ),
    Planted(
        code="P108", name="a writer that hears nothing", make=_text(faulty.DeafWriter), causes=("model_ignores_input",)
    ),
    Planted(
        code="P110",
        name="a softmax too many at each place",
        make=_next(faulty.Finished, last=nn.Softmax(dim=-1)),
        causes=("double_softmax",),
        severity=FAILURE,
    ),
    Planted(
        code="P110",
        name="a softmax over places",
        make=_next(faulty.Finished, last=nn.Softmax(dim=1)),
        causes=("wrong_softmax_dim",),
        severity=FAILURE,
    ),
    Planted(
        code="P110",
        name="a sigmoid for each label, twice",
        make=lambda: of_labels(partial(faulty.Certain, VOCABULARY, len(CLASSES))),
        causes=("double_sigmoid",),
        severity=FAILURE,
    ),
    Planted(code="P111", name="a mean over tokens", make=_averaged, causes=("grad_accum_unscaled",)),
    Planted(
        code="P113",
        name="attention to what comes",
        make=_next(CausalAttention, causal=False),
        causes=("future_leak",),
        severity=FAILURE,
    ),
    Planted(
        code="P113",
        name="read from both ends",
        make=_next(CausalRecurrent, both=True),
        causes=("future_leak",),
        severity=FAILURE,
    ),
    Planted(
        code="P113",
        name="a mean over all places",
        make=_next(faulty.Centred),
        causes=("future_leak",),
        severity=FAILURE,
    ),
    Planted(
        code="P113",
        name="written from both ends",
        make=_text(Writer, both=True),
        causes=("future_leak",),
        severity=FAILURE,
    ),
)
