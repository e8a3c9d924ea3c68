import torch

from kilter.checks.program.bench import Bench
from kilter.checks.program.loss.padded import padded_places, token_sequences


def test_padding_is_seen_by_its_runs(build, parts):
    bench = Bench(program=build("tagging", parts["data"]("tags"), parts["Tagger"], parts["TokenLoss"]()))
    (tokens,) = token_sequences(bench)

    assert torch.equal(padded_places(bench, 12), tokens == 0)


def test_lengths_tell_what_is_padded(build, parts):
    tokens, tags = parts["data"]("tags")
    lengths = (tokens > 0).sum(1)
    tokens = torch.where(tokens > 0, tokens - 1, 0)  # 0 stands among the words, too
    step = parts["stepping"](lambda m, loss, b: loss(m(b[0]), b[2]))
    program = build("tagging", (tokens, lengths, tags), parts["Tagger"], parts["TokenLoss"](), step=step)
    bench = Bench(program=program)
    batch = bench.recording.steps[0].batch

    assert torch.equal(padded_places(bench, 12), torch.arange(12)[None] >= batch[1][:, None])


def test_texts_without_padding_have_none(build, parts):
    step = parts["stepping"](lambda m, _, b: m(b[0]).mean())
    bench = Bench(program=build("generation", parts["data"]("text"), lambda: parts["Tagger"](20), step=step))

    assert padded_places(bench, 12) is None
