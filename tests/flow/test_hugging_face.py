"""The doctor on real Hugging Face models, made from a configuration: losses inside of the model, batches as mappings.

The package comes with the extra `logs`; nothing is downloaded.
"""

from functools import partial

import pytest
import torch
from torch.utils.data import DataLoader

from kilter.checks.doctor import check
from kilter.checks.examination import OUR_MISTAKE
from kilter.values.finding import Severity
from kilter.values.pipeline import Pipeline

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]
transformers = pytest.importorskip("transformers", reason="it comes with the extra logs: pip install '.[logs]'")

SIZES = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}


def texts(count, seed):
    """Sentences of different lengths; the question is whether one of four words stands in them."""
    generator = torch.Generator().manual_seed(seed)
    lengths = torch.randint(4, 20, (count,), generator=generator).tolist()
    rows = [torch.randint(5, 60, (length,), generator=generator) for length in lengths]
    asked = torch.tensor([7, 9, 11, 13])
    return [(tokens, int(torch.isin(tokens, asked).any())) for tokens in rows]


def padded(rows):
    ids = torch.nn.utils.rnn.pad_sequence([tokens for tokens, _ in rows], batch_first=True)
    return {"input_ids": ids, "attention_mask": (ids != 0).long(), "labels": torch.tensor([label for _, label in rows])}


def loaders(train, valid, seed, collate_fn=None):
    order = torch.Generator().manual_seed(seed)
    return (
        DataLoader(train, 32, shuffle=True, collate_fn=collate_fn, generator=order),
        DataLoader(valid, 64, collate_fn=collate_fn),
    )


def classifier(seed):
    torch.manual_seed(seed)
    config = transformers.BertConfig(vocab_size=64, max_position_embeddings=32, num_labels=2, **SIZES)
    model = transformers.BertForSequenceClassification(config)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    return model, optimizer, None, *loaders(texts(800, 0), texts(300, 1), seed, padded)


def language(seed):
    torch.manual_seed(seed)
    config = transformers.GPT2Config(
        vocab_size=32, n_positions=32, n_embd=32, n_layer=2, n_head=2, bos_token_id=0, eos_token_id=0
    )
    model = transformers.GPT2LMHeadModel(config)
    generator = torch.Generator().manual_seed(0)
    tokens = (torch.randint(0, 32, (700, 1), generator=generator) + 3 * torch.arange(20)) % 32
    noise = torch.rand(tokens.shape, generator=generator) < 0.1
    tokens = torch.where(noise, torch.randint(0, 32, tokens.shape, generator=generator), tokens)
    rows = [{"input_ids": row, "labels": row} for row in tokens]
    return model, torch.optim.AdamW(model.parameters(), lr=2e-3), None, *loaders(rows[:500], rows[500:], seed)


def reversing(seed):
    torch.manual_seed(seed)
    config = transformers.T5Config(
        vocab_size=32,
        d_model=32,
        d_kv=16,
        d_ff=64,
        num_layers=2,
        num_heads=2,
        decoder_start_token_id=0,
        pad_token_id=0,
        eos_token_id=1,
    )
    model = transformers.T5ForConditionalGeneration(config)
    tokens = torch.randint(2, 32, (700, 8), generator=torch.Generator().manual_seed(0))
    rows = [{"input_ids": row, "labels": row.flip(0)} for row in tokens]
    return model, torch.optim.AdamW(model.parameters(), lr=3e-3), None, *loaders(rows[:500], rows[500:], seed)


def step(model, optimizer, _loss_fn, batch, *, zeroed=True):
    model.train()
    loss = model(**batch).loss
    if zeroed:
        optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@torch.no_grad()
def validate(model, _loss_fn, loader):
    model.eval()
    losses = [model(**batch).loss.item() for batch in loader]
    return sum(losses) / len(losses), -sum(losses) / len(losses)


PROGRAMS = {
    "classifier": partial(Pipeline.from_loop, classifier, validate=validate, task="classification", classes=2),
    "language": partial(Pipeline.from_loop, language, validate=validate, task="generation"),
    "encoder and decoder": partial(Pipeline.from_loop, reversing, validate=validate, task="generation"),
}


def said(program):
    examination = check(program)
    assert not [skipped for skipped in examination.skipped if OUR_MISTAKE in skipped.reason]
    return [finding for finding in examination.findings if finding.severity > Severity.NOTE]


@pytest.mark.parametrize("name", PROGRAMS)
def test_silent_on_models_as_they_are_meant(name):
    assert said(PROGRAMS[name](step=step, epochs=8)) == []


@pytest.mark.parametrize("name", PROGRAMS)
def test_gradients_that_are_never_zeroed(name):
    found = said(PROGRAMS[name](step=partial(step, zeroed=False), epochs=8))
    assert found[0].causes[0] == "missing_zero_grad"
