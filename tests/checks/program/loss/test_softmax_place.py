from torch import nn
from torch.nn import functional as F

from kilter.checks.program.loss.softmax_place import SoftmaxPlace


def test_a_softmax_over_examples_is_found(build, found, parts):
    model = lambda: parts["mlp"](4, nn.LogSoftmax(0))  # noqa: E731
    program = build("classification", parts["data"]("classes"), model, nn.NLLLoss())

    assert [one.causes[0] for one in found(SoftmaxPlace(), program)] == ["wrong_softmax_dim"]


def test_a_softmax_over_examples_in_a_step_is_found(build, found, parts):
    step = parts["stepping"](lambda model, _, batch: F.nll_loss(model(batch[0]).log_softmax(0), batch[1]))
    program = build("classification", parts["data"]("classes"), parts["mlp"], step=step)

    assert [one.causes[0] for one in found(SoftmaxPlace(), program)] == ["wrong_softmax_dim"]


def test_a_softmax_over_places_is_found(build, found, parts):
    def loss(given, target):
        return F.nll_loss(given.flatten(0, 1), target.flatten())

    def model():
        return nn.Sequential(parts["Tagger"](), nn.LogSoftmax(1))

    program = build("tagging", parts["data"]("tags"), model, loss)

    assert [one.causes[0] for one in found(SoftmaxPlace(), program)] == ["wrong_softmax_dim"]


def test_a_softmax_over_one_unit_is_found(build, found, parts):
    x, y = parts["data"]("binary")
    inside = build("classification", (x, y), lambda: parts["mlp"](1, nn.Softmax(-1)), parts["Squeezed"](nn.BCELoss()))
    by_loss = build("classification", (x, y[:, None]), lambda: parts["mlp"](1), nn.CrossEntropyLoss())

    for program in (inside, by_loss):
        assert [one.causes[0] for one in found(SoftmaxPlace(), program)] == ["softmax_single_unit"]


def test_a_softmax_over_classes_is_silent(build, found, parts):
    for last, loss in ((nn.LogSoftmax(-1), nn.NLLLoss()), (nn.Identity(), nn.CrossEntropyLoss())):
        program = build("classification", parts["data"]("classes"), lambda last=last: parts["mlp"](4, last), loss)
        assert found(SoftmaxPlace(), program) == []
