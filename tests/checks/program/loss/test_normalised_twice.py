import torch
from torch import nn
from torch.nn import functional as F

from kilter.checks.program.loss.normalised_twice import NormalisedTwice


def test_a_softmax_before_cross_entropy_is_found(build, found, parts):
    loss = nn.CrossEntropyLoss(label_smoothing=0.1)
    program = build("classification", parts["data"]("classes"), lambda: parts["mlp"](4, nn.Softmax(-1)), loss)

    assert [one.causes[0] for one in found(NormalisedTwice(), program)] == ["double_softmax"]


def test_a_softmax_in_a_step_without_loss_function_is_found(build, found, parts):
    step = parts["stepping"](lambda model, _, batch: F.cross_entropy(model(batch[0]).softmax(-1), batch[1]))
    program = build("classification", parts["data"]("classes"), parts["mlp"], step=step)

    assert [one.causes[0] for one in found(NormalisedTwice(), program)] == ["double_softmax"]


def test_a_sigmoid_before_logistic_loss_is_found(build, found, parts):
    loss = nn.BCEWithLogitsLoss(pos_weight=torch.tensor([1.0, 2.0, 3.0, 4.0]))
    program = build("multilabel", parts["data"]("labels"), lambda: parts["mlp"](4, nn.Sigmoid()), loss)

    assert [one.causes[0] for one in found(NormalisedTwice(), program)] == ["double_sigmoid"]


def test_a_sigmoid_in_a_step_without_loss_function_is_found(build, found, parts):
    def compute(model, _, batch):
        return F.binary_cross_entropy_with_logits(model(batch[0])[:, 0].sigmoid(), batch[1])

    program = build("classification", parts["data"]("binary"), lambda: parts["mlp"](1), step=parts["stepping"](compute))

    assert [one.causes[0] for one in found(NormalisedTwice(), program)] == ["double_sigmoid"]


def test_probabilities_before_a_loss_for_them_are_silent(build, found, parts):
    def overlap(given, target):
        return 1 - (2 * (given * target).sum() + 1) / (given.sum() + target.sum() + 1)

    for loss in (nn.BCELoss(), overlap):
        program = build("multilabel", parts["data"]("labels"), lambda: parts["mlp"](4, nn.Sigmoid()), loss)
        assert found(NormalisedTwice(), program) == []


def test_logarithms_of_probabilities_are_silent(build, found, parts):
    program = build(
        "classification",
        parts["data"]("classes"),
        lambda: parts["mlp"](4, nn.LogSoftmax(-1)),
        nn.CrossEntropyLoss(weight=torch.tensor([1.0, 5.0, 1.0, 0.2])),
    )

    assert found(NormalisedTwice(), program) == []
