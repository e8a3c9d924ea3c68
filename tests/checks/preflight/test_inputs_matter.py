"""What the model is given."""

from functools import partial

import torch

from kilter.checks.preflight.inputs_matter import InputsMatter
from kilter.testing.healthy.pipelines import VOCABULARY, classify, labels, numbers, over_numbers, over_tokens
from kilter.testing.healthy.sequence_pipelines import TAGS, of_tokens
from kilter.testing.networks import Mixed, Perceptron
from kilter.testing.planted.networks import Deaf, HalfDeaf
from kilter.testing.sequence_networks import AttentiveTagger
from kilter.values.finding import Severity, Skipped

TARGETS = labels()
GIVEN = {"numbers": numbers(TARGETS), "categories": torch.tensor(TARGETS).reshape(-1, 1)}


def test_a_model_that_hears_nothing_is_a_failure():
    (finding,) = InputsMatter().examine(over_numbers(partial(Deaf, 6, 3)))
    assert finding.severity is Severity.FAILURE
    assert finding.evidence["changes"] == {"all": 0.0, "numbers": 0.0}


def test_one_input_of_two_is_named():
    (finding,) = InputsMatter().examine(classify(partial(HalfDeaf, 6, 3, 3), GIVEN, TARGETS))
    assert finding.severity is Severity.WARNING
    assert finding.where == ("categories",)
    assert finding.evidence["changes"]["numbers"] > 0


def test_an_input_that_forward_does_not_ask_for_is_named():
    (finding,) = InputsMatter().examine(classify(partial(Perceptron, 6, 3), GIVEN, TARGETS))
    assert finding.where == ("categories",)


def test_both_inputs_in_use_are_silent():
    assert list(InputsMatter().examine(classify(partial(Mixed, 6, (3,), 3), GIVEN, TARGETS))) == []


def test_an_input_that_is_the_same_in_every_row_is_not_judged():
    constant = {**GIVEN, "categories": torch.zeros(96, 1, dtype=torch.int64)}
    assert list(InputsMatter().examine(classify(partial(Perceptron, 6, 3), constant, TARGETS))) == []
    alone = classify(partial(Perceptron, 6, 3), {"numbers": torch.ones(96, 6)}, TARGETS)
    assert isinstance(next(InputsMatter().examine(alone)), Skipped)


def test_what_only_says_more_of_the_tokens_may_be_left_out():
    pipeline = of_tokens(partial(AttentiveTagger, VOCABULARY, len(TAGS)))
    (finding,) = InputsMatter().examine(pipeline)
    assert finding.where == ("characters",)
    assert finding.severity is Severity.NOTE


def test_tokens_stay_under_their_mask():
    seen = []

    def forward(model, batch):
        seen.append(bool((batch.inputs["mask"] == (batch.inputs["tokens"] > 0)).all()))
        return model(**batch.inputs)

    assert list(InputsMatter().examine(over_tokens(forward=forward))) == []
    assert all(seen)
