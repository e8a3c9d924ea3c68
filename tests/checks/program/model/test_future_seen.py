"""Models of what comes next that are shown it."""

import torch
from torch import nn
from torch.nn import functional as F

from kilter.checks.program.model.future_seen import FutureSeen
from kilter.values.finding import Severity, Skipped


class Convolution(nn.Module):
    """Looks back only, or to both sides."""

    def __init__(self, width, *, back):
        super().__init__()
        self.layer, self.back = nn.Conv1d(width, width, 3, padding=0 if back else 1), back

    def forward(self, hidden):
        turned = hidden.transpose(1, 2)
        return F.relu(self.layer(F.pad(turned, (2, 0)) if self.back else turned)).transpose(1, 2)


class Forecast(nn.Module):
    def __init__(self, *, back):
        super().__init__()
        self.first, self.over, self.out = nn.Linear(2, 8), Convolution(8, back=back), nn.Linear(8, 2)

    def forward(self, series):
        return self.out(self.over(self.first(series)))


class Translator(nn.Module):
    """Reads one text and writes another."""

    def __init__(self, *, leaking):
        super().__init__()
        self.embedding, self.out, self.leaking = nn.Embedding(20, 16), nn.Linear(16, 20), leaking
        self.both = nn.Transformer(16, 2, 1, 1, 32, 0.0, batch_first=True)

    def forward(self, source, target):
        mask = None if self.leaking else nn.Transformer.generate_square_subsequent_mask(target.shape[1])
        return self.out(self.both(self.embedding(source), self.embedding(target), tgt_mask=mask))


def later(width):
    return torch.ones(width, width, dtype=torch.bool).triu(1)


def earlier(width):
    return torch.ones(width, width, dtype=torch.bool).tril(-1)


def _language(parts, program, model, **more):
    text = parts.data.text
    given = more.pop("given", (text[:, :-1], text[:, 1:]))
    return program(model, given, loss=parts.by_token, task=more.pop("task", "generation"), **more)


def test_missing_and_mirrored_masks_reading_backwards_and_centred_convolutions_are_found(parts, program, findings):
    models = [
        lambda: parts.Transformer(20, masked=False, pooled=False),
        lambda: parts.Transformer(20, masked=False, pooled=False, mask=earlier),
        lambda: parts.Words(lambda width: nn.GRU(width, width // 2, batch_first=True, bidirectional=True), 20),
        lambda: parts.Words(lambda width: Convolution(width, back=False), 20),
    ]
    for model in models:
        (finding,) = findings(FutureSeen(), _language(parts, program, model))
        assert finding.severity is Severity.FAILURE
        assert finding.causes[0] == "future_leak"


def test_models_that_look_back_are_silent(parts, program, said):
    models = [
        lambda: parts.Transformer(20, masked=False, pooled=False, mask=later),
        lambda: parts.Words(lambda width: nn.GRU(width, width, batch_first=True), 20),
        lambda: parts.Words(lambda width: Convolution(width, back=True), 20),
    ]
    for model in models:
        assert said(FutureSeen(), _language(parts, program, model)) == []


def test_the_relation_to_the_target_tells_whatever_the_task_is_called(parts, program, findings):
    series = parts.data.series
    given = (series[:, :-1], series[:, 1:])
    for back, number in ((True, 0), (False, 1)):
        asked = program(lambda back=back: Forecast(back=back), given, loss=nn.MSELoss, task="regression")
        assert len(findings(FutureSeen(), asked)) == number


def test_the_text_that_is_written_is_the_one_that_is_exchanged(parts, program, findings):
    def step(model, optimizer, loss_fn, batch):
        source, target = batch
        return parts.all_to_the_model(model, optimizer, loss_fn, (source, target[:, :-1], target[:, 1:]))

    for leaking in (True, False):
        model = _language(
            parts,
            program,
            lambda leaking=leaking: Translator(leaking=leaking),
            given=(parts.data.padded, parts.data.text),
            step=step,
        )
        found = findings(FutureSeen(), model)
        assert [finding.evidence["arguments"] for finding in found] == ([["1"]] if leaking else [])


def test_time_may_stand_first(parts, program, findings):
    pieces = [(part.T[:-1].contiguous(), part.T[1:].reshape(-1)) for part in parts.data.text.split(20)]
    for both, number in ((False, 0), (True, 1)):
        model = program(
            lambda both=both: parts.Words(lambda width: nn.GRU(width, width // (1 + both), bidirectional=both), 20),
            pieces,
            loss=parts.by_token,
            task="generation",
        )
        assert len(findings(FutureSeen(), model)) == number


def test_a_declared_order_is_held_where_targets_do_not_show_it(parts, program, findings, said):
    given = (parts.data.series, parts.data.series.cumsum(1))
    asked = {"loss": nn.MSELoss, "task": "regression"}
    assert findings(FutureSeen(), program(lambda: Forecast(back=False), given, causal=True, **asked))
    assert not findings(FutureSeen(), program(lambda: Forecast(back=True), given, causal=True, **asked))
    (unsaid,) = said(FutureSeen(), program(lambda: Forecast(back=False), given, **asked))
    assert isinstance(unsaid, Skipped)


def test_filling_gaps_may_look_ahead(parts, program, said):
    text = parts.data.text
    hidden = torch.rand(text.shape, generator=torch.Generator().manual_seed(1)) < 0.15
    given = (text.masked_fill(hidden, 0), torch.where(hidden, text, -100))
    (skipped,) = said(
        FutureSeen(), _language(parts, program, lambda: parts.Transformer(20, masked=False, pooled=False), given=given)
    )
    assert isinstance(skipped, Skipped)
