"""A program on other batches."""

import torch

from kilter.checks.program import other_data
from kilter.values.program import Program


def _program(train, valid, validate=None):
    return Program(make=lambda _seed: (torch.nn.Linear(1, 1), None, None, train, valid), validate=validate)


def _batches(values, classes=None):
    values = torch.as_tensor(values, dtype=torch.float32)[:, None]
    classes = torch.zeros(len(values), dtype=torch.long) if classes is None else torch.as_tensor(classes)
    return [(values[at : at + 4], classes[at : at + 4]) for at in range(0, len(values), 4)]


def _inputs(loader):
    return torch.cat([inputs for inputs, _ in loader]).flatten()


def test_rows_are_dealt_anew_and_none_is_lost():
    program = other_data.dealt_anew(_program(_batches(range(12)), _batches(range(12, 20))))
    _, _, _, train, valid = program.make(0)
    assert len(_inputs(train)) == 12
    assert sorted([*_inputs(train).tolist(), *_inputs(valid).tolist()]) == list(range(20))
    assert set(_inputs(valid).tolist()) != set(range(12, 20))


def test_validation_is_read_as_training_is():
    program = other_data.read_alike(_program(_batches(range(12)), _batches([100.0 * at for at in range(12)])), (0,))
    _, _, _, train, valid = program.make(0)
    assert torch.allclose(_inputs(train), _inputs(valid), atol=1e-3)


def test_classes_are_drawn_equally_often():
    program = other_data.balanced(_program(_batches(range(400), [1] + 399 * [0]), None), (1,))
    _, _, _, train, _ = program.make(0)
    classes = torch.cat([targets for _, targets in train])
    assert 120 < int((classes == 1).sum()) < 280


def test_the_model_is_in_evaluation_mode_whenever_it_is_validated():
    modes = []

    def validate(model, _loss_fn, _loader):
        model.train()
        modes.append(model.training)
        return 0.0, 0.0

    model = torch.nn.Dropout(0.5)
    other_data.evaluated(_program([], [], validate)).validate(model, None, [])
    assert modes == [False]
    assert model.training
