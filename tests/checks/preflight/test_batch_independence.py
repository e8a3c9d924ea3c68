"""Neighbours in the batch."""

from functools import partial

import pytest

from kilter.checks.preflight.batch_independence import BatchIndependence
from kilter.testing.healthy.pipelines import VOCABULARY, over_numbers, over_tokens
from kilter.testing.healthy.sequence_pipelines import of_tokens
from kilter.testing.networks import Perceptron
from kilter.testing.planted.networks import Centred, Counting, Reshaped, Squeezed, TrainingMixer
from kilter.values.finding import Severity, Skipped, Strength


def examined(make_model, **options):
    return list(BatchIndependence().examine(over_numbers(make_model, **options)))


def test_others_in_their_places_change_the_outputs():
    (finding,) = examined(partial(Centred, 6, 3))
    assert finding.severity is Severity.FAILURE
    assert finding.strength is Strength.PROVED
    assert finding.evidence["mode"] == "evaluation"
    assert finding.evidence["change"] > 0.01


def test_a_wrong_view_of_texts_is_found():
    (finding,) = BatchIndependence().examine(over_tokens(partial(Reshaped, VOCABULARY, 3)))
    assert finding.causes[0] == "batch_dim_mixing"


def test_an_example_alone_must_get_the_same():
    (finding,) = examined(partial(Squeezed, 6, 3))
    assert "alone in the batch" in finding.seen


def test_a_model_that_cannot_take_one_example_is_found():
    def pairs(model, batch):
        given = batch.inputs["numbers"]
        if len(given) < 2:
            message = "two at least"
            raise ValueError(message)
        return model(given)

    (finding,) = examined(None, forward=pairs)
    assert "when alone (the model's forward pass raised ValueError)" in finding.seen


def test_mixing_while_training_only_is_a_warning():
    (finding,) = examined(partial(TrainingMixer, 6, 3))
    assert finding.severity is Severity.WARNING
    assert finding.evidence["mode"] == "training"


@pytest.mark.parametrize("options", [{"norm": "batch"}, {"dropout": 0.5}, {"norm": "layer"}])
def test_what_a_layer_does_by_nature_is_no_mixing(options):
    assert examined(partial(Perceptron, 6, 3, **options)) == []


def test_a_normalisation_of_ones_own_make_may_look_at_the_batch_in_training():
    assert all(finding.severity is Severity.FAILURE for finding in examined(partial(Counting, 6, 3)))


def test_a_batch_of_one_is_skipped():
    assert isinstance(examined(None, size=1)[0], Skipped)


def test_packed_sequences_with_dropout_between_layers_are_silent():
    assert list(BatchIndependence().examine(of_tokens())) == []
