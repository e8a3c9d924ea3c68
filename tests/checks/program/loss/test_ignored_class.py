import torch
from torch import nn
from torch.nn import functional as F

from kilter.checks.program.loss.ignored_class import IgnoredClass


def leaving_out(number):
    return lambda given, target: F.cross_entropy(given.flatten(0, -2), target.flatten(), ignore_index=number)


def test_a_class_that_is_left_out_is_found(build, found, parts):
    tokens, tags = parts["data"]("tags")
    programs = [
        build("classification", parts["data"]("classes"), parts["mlp"], nn.CrossEntropyLoss(ignore_index=2)),
        build("tagging", (tokens, tags.clamp(min=0)), parts["Tagger"], leaving_out(0)),
    ]

    for program in programs:
        assert [one.causes for one in found(IgnoredClass(), program)] == [("ignore_index_collision",)]


def test_padding_and_masked_words_are_silent(build, found, parts):
    tokens, tags = parts["data"]("tags")
    (text,) = parts["data"]("text")
    masked = torch.rand(text.shape, generator=torch.Generator().manual_seed(3)) < 0.25
    words = torch.where(masked, 20, text), torch.where(masked, text, 0)
    programs = [
        build("tagging", (tokens, torch.where(tokens > 0, tags + 1, 0)), lambda: parts["Tagger"](5), leaving_out(0)),
        build("tagging", words, lambda: parts["Tagger"](20, vocabulary=21), leaving_out(0)),
        build("classification", parts["data"]("classes"), parts["mlp"], nn.CrossEntropyLoss()),
    ]

    for program in programs:
        assert found(IgnoredClass(), program) == []
