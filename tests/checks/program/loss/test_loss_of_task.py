import torch
from torch import nn
from torch.nn import functional as F

from kilter.checks.program.loss.loss_of_task import LossOfTask


def one_hot(y):
    return F.one_hot(y, 4).float()


def test_distances_to_classes_are_found(build, found, parts):
    x, y = parts["data"]("classes")
    squared = parts["stepping"](lambda model, _, batch: F.mse_loss(model(batch[0]).softmax(-1), one_hot(batch[1])))
    programs = [
        build("classification", (x, y.float()), lambda: parts["mlp"](1), parts["Squeezed"](nn.MSELoss())),
        build("classification", (x, one_hot(y)), lambda: parts["mlp"](4, nn.Softmax(-1)), nn.L1Loss()),
        build("classification", (x, y), parts["mlp"], step=squared),
    ]

    for program in programs:
        assert [one.causes[0] for one in found(LossOfTask(), program)] == ["wrong_loss_for_task"]


def test_labels_that_compete_are_found(build, found, parts):
    program = build("multilabel", parts["data"]("labels"), parts["mlp"], nn.CrossEntropyLoss())

    assert [one.causes[0] for one in found(LossOfTask(), program)] == ["wrong_loss_for_task"]


def test_losses_for_classes_on_numbers_are_found(build, found, parts):
    x, y = parts["data"]("numbers")
    logistic = build("regression", (x, y), lambda: parts["mlp"](1), parts["Squeezed"](nn.BCEWithLogitsLoss()))
    entropy = build("regression", (x, y[:, None]), lambda: parts["mlp"](1), nn.CrossEntropyLoss())

    for program in (logistic, entropy):
        assert [one.causes[0] for one in found(LossOfTask(), program)] == ["wrong_loss_for_task"]


def test_losses_that_fit_are_silent(build, found, parts):
    x, y = parts["data"]("classes")
    _, amount = parts["data"]("numbers")
    correlation = lambda given, target: 1 - torch.corrcoef(torch.stack([given[:, 0], target]))[0, 1]  # noqa: E731
    programs = [
        build("classification", (x, one_hot(y)), parts["mlp"], nn.BCEWithLogitsLoss()),
        build("classification", (x, y), parts["mlp"], nn.MultiMarginLoss()),
        build("classification", (x, torch.randn(96, 4)), parts["mlp"], nn.MSELoss()),  # a teacher's logits
        build("multilabel", parts["data"]("labels"), parts["mlp"], nn.BCEWithLogitsLoss()),
        build("regression", (x, amount.exp().round()), lambda: parts["mlp"](1), parts["Squeezed"](nn.PoissonNLLLoss())),
        build("regression", (x, amount), lambda: parts["mlp"](1), parts["Squeezed"](nn.HuberLoss())),
        build("regression", (x, amount), lambda: parts["mlp"](1), correlation),
    ]

    for program in programs:
        assert found(LossOfTask(), program) == []
