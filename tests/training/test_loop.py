from dataclasses import replace

import pytest
import torch

from kilter.training.events import Evaluated, Measured, StepDone
from kilter.training.fit import begin, itinerary_of
from kilter.training.loop import evaluate, loop


def events(pipeline, take=None):
    training = begin(pipeline)
    told = []
    for event in loop(pipeline, training, itinerary_of(pipeline)):
        told.append((event, training.steps))
        if len(told) == take:
            break
    return told, training


def test_the_steps_of_the_itinerary_are_made_and_told(make_pipeline):
    pipeline = make_pipeline(train={"length": "7st", "evaluate_every": "3st"}, schedule="constant")
    told, training = events(pipeline)
    assert [(type(event), event.step, event.epoch) for event, _ in told] == [
        (Evaluated, 0, 0),  # the model as it was made
        (StepDone, 1, 0),
        (StepDone, 2, 0),
        (StepDone, 3, 0),
        (Evaluated, 3, 0),
        (StepDone, 4, 0),
        (StepDone, 5, 1),
        (StepDone, 6, 1),
        (Evaluated, 6, 1),
        (StepDone, 7, 1),
        (Evaluated, 7, 1),  # the end is always evaluated
    ]
    assert all(event.step == steps for event, steps in told)
    assert training.steps == 7
    follows = [event.more_follows for event, _ in told if isinstance(event, StepDone)]
    assert follows == [False, False, True, False, False, True, True]
    assert {event.learning_rate for event, _ in told if isinstance(event, StepDone)} == {1e-3}


def test_every_so_many_steps_layers_are_measured_after_the_update(make_pipeline):
    pipeline = make_pipeline(train={"length": "7st", "evaluate_every": "6st"}, schedule="constant")
    training = begin(pipeline)
    training.measure_every = 3
    told = []
    for event in loop(pipeline, training, itinerary_of(pipeline)):
        told.append((type(event), event.step, getattr(event, "more_follows", None)))
        if isinstance(event, Measured):
            weight = training.model.out.weight.detach()
            assert event.numbers["weight/out.weight"] == pytest.approx(weight.square().mean().sqrt().item(), rel=1e-5)
            assert event.numbers["update/out.weight"] > 0
            assert event.seconds > 0
    assert told[3:5] == [(StepDone, 3, True), (Measured, 3, False)]
    assert told[7:10] == [(StepDone, 6, True), (Measured, 6, True), (Evaluated, 6, None)]
    assert sum(kind is Measured for kind, *_ in told) == 2


def test_a_loop_that_is_left_leaves_no_hook(make_pipeline):
    pipeline = make_pipeline()
    training = begin(pipeline)
    training.measure_every = 1

    def failing(model, batch):
        if training.steps == 1:
            raise ZeroDivisionError
        return model(batch.inputs["numbers"])

    broken = replace(pipeline, forward=failing)
    with pytest.raises(ZeroDivisionError):
        list(loop(broken, training, itinerary_of(broken)))
    assert not any(module._forward_hooks for module in training.model.modules())  # noqa: SLF001 - torch tells nowhere else


def test_it_goes_on_from_where_the_training_stands(make_pipeline):
    pipeline = make_pipeline(dropout=0.5, noise=0.1, train={"length": "2ep"})
    whole, _ = events(pipeline)
    first, training = events(pipeline, take=3)
    rest = list(loop(pipeline, training, itinerary_of(pipeline)))
    assert [event for event, _ in first] + rest == [event for event, _ in whole]


def test_without_validation_nothing_is_evaluated(make_pipeline):
    pipeline = make_pipeline(train={"length": "2ep"})
    alone = type(pipeline)(
        task=pipeline.task,
        make_model=pipeline.make_model,
        splits={"train": pipeline.splits["train"]},
        recipe=pipeline.recipe,
    )
    told, _ = events(alone)
    assert len(told) == 8
    assert not any(event.more_follows for event, _ in told)


def test_an_evaluation_leaves_model_and_random_state_as_they_were(make_pipeline):
    pipeline = make_pipeline(dropout=0.5)
    training = begin(pipeline)
    training.model.train()
    before = {name: tensor.clone() for name, tensor in training.model.state_dict().items()}
    state = torch.get_rng_state()
    evaluated = evaluate(pipeline, training, 0)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(module.training for module in training.model.modules())
    assert all(torch.equal(tensor, before[name]) for name, tensor in training.model.state_dict().items())
    assert {"loss", "accuracy"} <= set(evaluated.scores)
    assert evaluated == evaluate(pipeline, training, 0)
