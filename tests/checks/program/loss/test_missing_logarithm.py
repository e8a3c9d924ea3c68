from torch import nn
from torch.nn import functional as F

from kilter.checks.program.loss.missing_logarithm import MissingLogarithm


def test_raw_outputs_and_probabilities_are_found(build, found, parts):
    for last in ((), (nn.Softmax(-1),)):
        program = build(
            "classification", parts["data"]("classes"), lambda last=last: parts["mlp"](4, *last), nn.NLLLoss()
        )
        assert [one.causes[0] for one in found(MissingLogarithm(), program)] == ["nll_without_log_softmax"]


def test_probabilities_in_a_step_are_found(build, found, parts):
    step = parts["stepping"](lambda model, _, batch: F.nll_loss(model(batch[0]).softmax(-1), batch[1]))
    program = build("classification", parts["data"]("classes"), parts["mlp"], step=step)

    assert [one.causes[0] for one in found(MissingLogarithm(), program)] == ["nll_without_log_softmax"]


def test_logarithms_and_other_losses_are_silent(build, found, parts):
    pairs = [
        (lambda: parts["mlp"](4, nn.LogSoftmax(-1)), nn.NLLLoss()),
        (parts["mlp"], nn.CrossEntropyLoss()),
        (parts["mlp"], nn.MultiMarginLoss()),
        (lambda: parts["mlp"](4, nn.LogSoftmax(0)), nn.NLLLoss()),  # another check's
    ]
    for model, loss in pairs:
        assert found(MissingLogarithm(), build("classification", parts["data"]("classes"), model, loss)) == []
