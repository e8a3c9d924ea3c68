from torch import nn
from torch.nn import functional as F

from kilter.checks.program.loss.first_loss import FirstLoss


def far(parts, out):
    def model():
        made = parts["mlp"](out)
        nn.init.normal_(made[2].weight, 0, 20)
        return made

    return model


def test_a_last_layer_that_is_too_large_is_found(build, found, parts):
    step = parts["stepping"](lambda m, _, b: F.cross_entropy(m(b[0]), b[1]))
    programs = [
        build("classification", parts["data"]("classes"), far(parts, 4), step=step),
        build("multilabel", parts["data"]("labels"), far(parts, 4), nn.BCEWithLogitsLoss()),
        build("regression", parts["data"]("numbers"), far(parts, 1), parts["Squeezed"](nn.MSELoss())),
    ]

    for program in programs:
        assert [one.causes[0] for one in found(FirstLoss(), program)] == ["bad_output_init"]


def test_inputs_that_are_too_large_are_told_apart(build, found, parts):
    x, y = parts["data"]("classes")
    program = build("classification", (300 * x, y), parts["mlp"], nn.CrossEntropyLoss())

    assert [one.causes[0] for one in found(FirstLoss(), program)] == ["unnormalized_input"]


def test_ordinary_starts_large_targets_and_cosines_are_silent(build, found, parts):
    x, y = parts["data"]("numbers")
    scaled = parts["stepping"](lambda m, _, b: F.cross_entropy(64 * m(b[0]), b[1]))
    programs = [
        build("classification", parts["data"]("classes"), parts["mlp"], nn.CrossEntropyLoss()),
        build("regression", (x, 100 * y + 500), lambda: parts["mlp"](1), parts["Squeezed"](nn.MSELoss())),
        build("classification", parts["data"]("classes"), lambda: parts["mlp"](4, nn.Tanh()), step=scaled),
    ]

    for program in programs:
        assert found(FirstLoss(), program) == []
