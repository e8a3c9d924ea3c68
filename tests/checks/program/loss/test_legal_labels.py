from torch import nn
from torch.nn import functional as F

from kilter.checks.program.loss.legal_labels import LegalLabels


def test_labels_beyond_0_and_1_are_found(build, found, parts):
    x, y = parts["data"]("labels")
    for labels in (2 * y - 1, 255 * y, y + 1):
        program = build("multilabel", (x, labels), parts["mlp"], nn.BCEWithLogitsLoss())
        assert [one.causes for one in found(LegalLabels(), program)] == [("labels_out_of_range",)]


def test_shares_that_do_not_add_up_are_found(build, found, parts):
    x, y = parts["data"]("classes")
    program = build("classification", (x, 0.8 * F.one_hot(y, 4)), parts["mlp"], nn.CrossEntropyLoss())

    assert [one.causes[0] for one in found(LegalLabels(), program)] == ["labels_out_of_range"]


def test_legal_labels_are_silent(build, found, parts):
    x, y = parts["data"]("binary")
    _, classes = parts["data"]("classes")
    logistic = lambda given, target: F.softplus(-target * given[:, 0]).mean()  # noqa: E731
    mixed = 0.7 * F.one_hot(classes, 4) + 0.3 * F.one_hot(classes.flip(0), 4)
    programs = [
        build("classification", (x, 2 * y - 1), lambda: parts["mlp"](1), logistic),
        build("multilabel", parts["data"]("labels"), parts["mlp"], nn.BCEWithLogitsLoss()),
        build("classification", (x, mixed), parts["mlp"], nn.CrossEntropyLoss()),
    ]

    for program in programs:
        assert found(LegalLabels(), program) == []
