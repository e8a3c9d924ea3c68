import torch
from torch import nn
from torch.nn import functional as F

from kilter.checks.program.loss.loss_sum import LossSum


def descending(rate, momentum=0.0):
    return lambda model: torch.optim.SGD(model.parameters(), lr=rate, momentum=momentum)


def test_a_sum_that_ruins_training_is_found(build, found, parts):
    by_loss = nn.CrossEntropyLoss(reduction="sum")
    program = build(
        "classification", parts["data"]("classes"), parts["mlp"], by_loss, optimizer=descending(0.3, momentum=0.9)
    )

    assert [one.causes[0] for one in found(LossSum(), program)] == ["loss_sum_reduction"]


def test_a_sum_in_a_step_is_found(build, found, parts):
    step = parts["stepping"](lambda m, _, b: F.cross_entropy(m(b[0]), b[1], reduction="sum"))
    program = build("classification", parts["data"]("classes"), parts["mlp"], step=step, optimizer=descending(0.5))

    assert [one.causes[0] for one in found(LossSum(), program)] == ["loss_sum_reduction"]


def test_a_sum_whose_rate_is_made_for_it_is_a_note(build, found, parts):
    loss = parts["Squeezed"](nn.MSELoss(reduction="sum"))
    program = build("regression", parts["data"]("numbers"), lambda: parts["mlp"](1), loss, optimizer=descending(1e-3))

    said = found(LossSum(), program, all_of_them=True)

    assert [(one.severity.word, one.causes[0]) for one in said] == [("note", "loss_sum_reduction")]


def test_means_and_sums_that_are_divided_are_silent(build, found, parts):
    divided = parts["stepping"](lambda m, loss, b: loss(m(b[0]), b[1]) / len(b[0]))
    by_loss = nn.CrossEntropyLoss(reduction="sum")
    programs = [
        build("classification", parts["data"]("classes"), parts["mlp"], by_loss, step=divided),
        build("classification", parts["data"]("classes"), parts["mlp"], nn.CrossEntropyLoss()),
    ]

    for program in programs:
        assert found(LossSum(), program, all_of_them=True) == []
