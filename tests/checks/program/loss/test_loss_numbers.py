import torch
from torch import nn

from kilter.checks.program.loss.loss_numbers import LossNumbers


def by_hand(shares, target):
    return -(target * torch.log(shares) + (1 - target) * torch.log(1 - shares)).mean()


def test_logarithms_of_sure_answers_are_found(build, found, parts):
    by_loss = lambda given, target: by_hand(torch.sigmoid(given[:, 0]), target)  # noqa: E731
    by_model = lambda given, target: by_hand(given[:, 0], target)  # noqa: E731
    for last, loss in (((), by_loss), ((nn.Sigmoid(),), by_model)):
        program = build("classification", parts["data"]("binary"), lambda last=last: parts["mlp"](1, *last), loss)
        assert [one.causes for one in found(LossNumbers(), program)] == [("numeric_instability",)]


def test_a_division_by_zero_in_the_first_steps_is_found(build, found, parts):
    x, y = parts["data"]("numbers")
    program = build(
        "regression",
        (x, y * (y.abs() > 0.5)),
        lambda: parts["mlp"](1),
        lambda given, target: ((given[:, 0] - target).abs() / target.abs()).mean(),
    )

    said = found(LossNumbers(), program)

    assert [(one.severity.word, one.causes[0]) for one in said] == [("failure", "numeric_instability")]


def test_a_root_without_a_slope_is_found(build, found, parts):
    class Sizes(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(6, 4, bias=False)

        def forward(self, x):
            return self.layer(x).pow(2).sum(1, keepdim=True).sqrt()

    x, y = parts["data"]("numbers")
    x = torch.where(torch.arange(96)[:, None] % 5 > 0, x, 0.0)
    program = build("regression", (x, y.abs()), Sizes, parts["Squeezed"](nn.MSELoss()))

    assert [one.causes[0] for one in found(LossNumbers(), program)] == ["numeric_instability"]


def test_careful_losses_and_holes_in_the_data_are_silent(build, found, parts):
    x, y = parts["data"]("binary")
    holes = torch.where(torch.arange(96)[:, None] % 9 > 0, x, torch.nan)
    careful = parts["Squeezed"](nn.BCEWithLogitsLoss())
    programs = [
        build("classification", (x, y), lambda: parts["mlp"](1), careful),
        build("classification", (x, y), lambda: parts["mlp"](1, nn.Sigmoid()), parts["Squeezed"](nn.BCELoss())),
        build("classification", parts["data"]("classes"), parts["mlp"], nn.CrossEntropyLoss()),
        build("classification", (holes, y), lambda: parts["mlp"](1), careful),
    ]

    for program in programs:
        assert found(LossNumbers(), program) == []
