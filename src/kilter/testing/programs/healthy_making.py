"""Healthy programs that make something: language, translation, pictures, distributions; likelihoods and opponents."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader

from kilter.testing.programs import data
from kilter.testing.programs.entries import Training, well
from kilter.testing.programs.networks import Causal, Encoder, perceptron
from kilter.testing.programs.steps import plain_step, stepping, validating

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor

WORDS: dict[str, Any] = {"task": "generation", "classes": 13, "higher_is_better": True}


def _adam(model: nn.Module, rate: float = 5e-3) -> torch.optim.Optimizer:
    return torch.optim.Adam(model.parameters(), lr=rate)


def causal_transformer() -> Any:
    """Each word from those before; output weights are the embeddings."""
    model = Causal()
    return (
        model,
        torch.optim.AdamW(model.parameters(), lr=1e-2),
        nn.CrossEntropyLoss(),
        *data.loaders(data.sentences(), 32),
    )


def next_word_loss(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    """Of sentences (b, s): places 0..s-2 tell those of 1..s-1."""
    (tokens,) = batch
    return loss_fn(model(tokens[:, :-1]).flatten(0, 1), tokens[:, 1:].flatten())


def judge_words(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    """Loss and share of right next words."""
    (tokens,) = batch
    outputs, target = model(tokens[:, :-1]), tokens[:, 1:]
    return loss_fn(outputs.flatten(0, 1), target.flatten()), (outputs.argmax(-1) == target).float().mean(), len(tokens)


class Reader(nn.Module):
    """A recurrent language model."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(13, 16)
        self.rnn = nn.LSTM(16, 32, batch_first=True)
        self.out = nn.Linear(32, 13)

    def forward(self, tokens: Tensor) -> Any:
        return self.out(self.rnn(self.embedding(tokens))[0])


def recurrent_language() -> Any:
    """Classes in the second dimension for the loss; clipped."""
    model = Reader()
    return model, _adam(model, 1e-2), nn.CrossEntropyLoss(), *data.loaders(data.sentences(), 32)


def _second_dimension(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    (tokens,) = batch
    return loss_fn(model(tokens[:, :-1]).transpose(1, 2), tokens[:, 1:])


def shifted_inside() -> Any:
    """Labels are the inputs; the model moves them by one itself, as many libraries' do."""
    model = ShiftInside()
    train, valid = ((tokens, tokens.clone()) for (tokens,) in data.sentences().both)
    loaders = data.dict_loaders(data.Split(train, valid), "input_ids", "labels", batch=32)
    return model, _adam(model), None, *loaders


class ShiftInside(nn.Module):
    """A language model that takes labels and gives its loss in a dict."""

    def __init__(self) -> None:
        super().__init__()
        self.body = Causal(tied=False)

    def forward(self, input_ids: Tensor, labels: Tensor | None = None) -> dict[str, Any]:
        logits = self.body(input_ids)
        if labels is None:
            return {"logits": logits}
        loss = F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), ignore_index=data.IGNORED)
        return {"loss": loss, "logits": logits}


def _inside_loss(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    return model(**batch)["loss"]


def _judge_inside(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    answer, target = model(**batch), batch["labels"][:, 1:]
    return answer["loss"], (answer["logits"][:, :-1].argmax(-1) == target).float().mean(), len(target)


class Translator(nn.Module):
    """A transformer from source to target with masks for padding and for the future."""

    def __init__(self) -> None:
        super().__init__()
        self.source, self.target = nn.Embedding(12, 24), nn.Embedding(12, 24)
        self.places = nn.Parameter(0.3 * torch.randn(1, 10, 24))
        layer = nn.TransformerEncoderLayer(24, 2, 48, 0.0, batch_first=True, norm_first=True)
        encoder = nn.TransformerEncoder(layer, 1, nn.LayerNorm(24), enable_nested_tensor=False)
        self.body = nn.Transformer(24, 2, 1, 1, 48, 0.0, custom_encoder=encoder, batch_first=True, norm_first=True)
        self.out = nn.Linear(24, 12)

    def forward(self, source: Tensor, target: Tensor) -> Any:
        length = target.shape[1]
        padding = source == 0
        state = self.body(
            self.source(source) + self.places[:, : source.shape[1]],
            self.target(target) + self.places[:, :length],
            tgt_mask=torch.ones(length, length, dtype=torch.bool).triu(1),
            src_key_padding_mask=padding,
            memory_key_padding_mask=padding,
            tgt_key_padding_mask=target == 0,
        )
        return self.out(state)


def translation() -> Any:
    """Encoder and decoder; padding is ignored by the loss."""
    model = Translator()
    return model, _adam(model), nn.CrossEntropyLoss(ignore_index=0), *data.loaders(data.translations(), 64)


def translation_loss(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    """The decoder is given the right words so far."""
    source, target = batch
    return loss_fn(model(source, target[:, :-1]).flatten(0, 1), target[:, 1:].flatten())


def judge_translation(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    """Loss and share of right words where there are any."""
    source, target = batch
    found, wanted = model(source, target[:, :-1]), target[:, 1:]
    right = (found.argmax(-1) == wanted)[wanted != 0].float().mean()
    return loss_fn(found.flatten(0, 1), wanted.flatten()), right, int((wanted != 0).sum())


class Retelling(nn.Module):
    """Two recurrent networks, the second begun with what the first remembers and looking back at its states."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(12, 24, padding_idx=0)
        self.encoder = nn.GRU(24, 24, batch_first=True)
        self.decoder = nn.GRU(24, 24, batch_first=True)
        self.out = nn.Linear(48, 12)

    def forward(self, source: Tensor, target: Tensor) -> Any:
        memory, _ = self.encoder(self.embedding(source))
        last = (source != 0).sum(1) - 1
        begun = memory[torch.arange(len(source)), last].unsqueeze(0)
        states, _ = self.decoder(self.embedding(target), begun)
        scores = (states @ memory.transpose(1, 2)).masked_fill((source == 0).unsqueeze(1), float("-inf"))
        return self.out(torch.cat([states, scores.softmax(-1) @ memory], -1))


def retelling() -> Any:
    """Teacher forcing with attention over the source."""
    model = Retelling()
    return model, _adam(model, 1e-2), nn.CrossEntropyLoss(ignore_index=0), *data.loaders(data.translations(), 64)


class Filler(nn.Module):
    """A transformer that sees both sides."""

    def __init__(self) -> None:
        super().__init__()
        self.body = Encoder(14, words=14, spread=0.5)

    def forward(self, tokens: Tensor) -> Any:
        return self.body.out(self.body.states(tokens))


def masked_words() -> Any:
    """One word in seven is hidden and told from the others; which, is drawn anew for each batch."""
    model = Filler()
    return (
        model,
        _adam(model, 1e-2),
        nn.CrossEntropyLoss(ignore_index=data.IGNORED),
        *data.loaders(data.sentences(600), 32),
    )


def _hidden(tokens: Tensor) -> tuple[Tensor, Tensor]:
    hide = torch.rand(tokens.shape) < 1 / 7
    hide[:, 5] = True
    return tokens.masked_fill(hide, 13), tokens.masked_fill(~hide, data.IGNORED)


def _masked_loss(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    given, wanted = _hidden(batch[0])
    return loss_fn(model(given).flatten(0, 1), wanted.flatten())


def _judge_masked(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    (tokens,) = batch
    wanted = torch.full_like(tokens, data.IGNORED)
    wanted[:, 5] = tokens[:, 5]
    found = model(tokens.masked_fill(wanted != data.IGNORED, 13))
    return (
        loss_fn(found.flatten(0, 1), wanted.flatten()),
        (found[:, 5].argmax(-1) == tokens[:, 5]).float().mean(),
        len(tokens),
    )


def autoencoder() -> Any:
    """Batches are single tensors; they are their own target."""
    train, valid = data.digits().both
    model = perceptron(64, 64, 16, 64, 64)
    loaders: Any = DataLoader(train[0], 32, shuffle=True), DataLoader(valid[0], 256)
    return model, _adam(model), nn.MSELoss(), *loaders


def _self_loss(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    return loss_fn(model(batch), batch)


def _judge_self(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    loss = loss_fn(model(batch), batch)
    return loss, 1 - loss / batch.var(0, correction=0).mean(), len(batch)


class Variational(nn.Module):
    """A code that is drawn (Kingma and Welling 2014)."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = perceptron(64, 64, 16), perceptron(8, 64, 64)

    def forward(self, x: Tensor) -> tuple[Any, Tensor, Tensor]:
        mean, spread = self.encoder(x).chunk(2, -1)
        code = mean + torch.randn_like(mean) * (spread / 2).exp() if self.training else mean
        return self.decoder(code), mean, spread


def variational() -> Any:
    """Likelihood of pixels and distance of codes from noise, summed over pixels, averaged over pictures."""
    train, valid = data.digits().both
    model = Variational()

    def loss_fn(outputs: Any, x: Tensor) -> Tensor:
        found, mean, spread = outputs
        told = F.binary_cross_entropy_with_logits(found, x, reduction="none").sum(-1)
        far = -0.5 * (1 + spread - mean**2 - spread.exp()).sum(-1)
        return (told + far).mean()

    loaders: Any = DataLoader(train[0], 64, shuffle=True), DataLoader(valid[0], 256)
    return model, _adam(model), loss_fn, *loaders


def _judge_pixels(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    outputs = model(batch)
    rest = ((outputs[0].sigmoid() - batch) ** 2).mean()
    return loss_fn(outputs, batch), 1 - rest / batch.var(0, correction=0).mean(), len(batch)


class Rivals(nn.Module):
    """A maker and a judge of points (Goodfellow et al. 2014)."""

    def __init__(self) -> None:
        super().__init__()
        self.maker, self.judge = perceptron(4, 32, 32, 2), perceptron(2, 32, 32, 1)

    def forward(self, noise: Tensor) -> Any:
        return self.maker(noise)


def rivals() -> Any:
    """Two optimizers in a dict, no loss function, no target; points around (2, -1)."""
    points = torch.randn(600, 2, generator=torch.Generator().manual_seed(6)) * 0.5 + torch.tensor([2.0, -1.0])
    model = Rivals()
    optimizers = {
        "maker": torch.optim.Adam(model.maker.parameters(), lr=2e-3, betas=(0.5, 0.999)),
        "judge": torch.optim.Adam(model.judge.parameters(), lr=2e-3, betas=(0.5, 0.999)),
    }
    loaders: Any = DataLoader(points[:448], 32, shuffle=True), DataLoader(points[448:], 152)
    return model, optimizers, nn.BCEWithLogitsLoss(), *loaders


def _rivals_step(model: Any, optimizer: Any, loss_fn: Any, batch: Tensor) -> dict[str, float]:
    true, false = torch.ones(len(batch), 1), torch.zeros(len(batch), 1)
    made = model(torch.randn(len(batch), 4))
    optimizer["judge"].zero_grad()
    judged: Tensor = loss_fn(model.judge(batch), true) + loss_fn(model.judge(made.detach()), false)
    judged.backward()  # type: ignore[no-untyped-call]
    optimizer["judge"].step()
    optimizer["maker"].zero_grad()
    fooled: Tensor = loss_fn(model.judge(made), true)
    fooled.backward()  # type: ignore[no-untyped-call]
    optimizer["maker"].step()
    return {"loss": judged.item(), "maker": fooled.item()}


@torch.no_grad()
def _distance(model: Any, loss_fn: Any, loader: Iterable[Any]) -> tuple[float, float]:
    model.eval()
    points = torch.cat(list(loader))
    made = model(torch.randn(len(points), 4, generator=torch.Generator().manual_seed(0)))
    away = float((made.mean(0) - points.mean(0)).norm())
    return away, away


class Flow(nn.Module):
    """Half of the numbers move and stretch the other half, in turn (Dinh et al. 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.nets = nn.ModuleList(perceptron(1, 32, 2) for _ in range(6))

    def forward(self, x: Tensor) -> Tensor:
        """Negative log-likelihood of each row."""
        stretched = torch.zeros(len(x))
        for at, net in enumerate(self.nets):
            kept, moved = (x[:, :1], x[:, 1:]) if at % 2 else (x[:, 1:], x[:, :1])
            scale, shift = net(kept).chunk(2, -1)
            scale = scale.tanh()
            moved = moved * scale.exp() + shift
            stretched = stretched + scale.squeeze(1)
            x = torch.cat([kept, moved], 1) if at % 2 else torch.cat([moved, kept], 1)
        return 0.5 * (x**2).sum(1) + math.log(2 * math.pi) - stretched


def flow() -> Any:
    """The model gives losses itself; two moons."""
    train, valid = data.moons().both
    model = Flow()
    loaders: Any = DataLoader(train[0], 32, shuffle=True), DataLoader(valid[0], 256)
    return model, _adam(model, 1e-2), None, *loaders


def _flow_loss(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    return model(batch).mean()


def _judge_flow(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    loss = model(batch).mean()
    return loss, -loss, len(batch)


class Mixture(nn.Module):
    """Weights, means and spreads of three bells for each row (Bishop 1994)."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 9))

    def forward(self, x: Tensor) -> tuple[Any, Any, Any]:
        weights, means, spreads = self.body(x).chunk(3, -1)
        return weights.log_softmax(-1), means, spreads


def mixture() -> Any:
    """One of two answers is right, a mean of them never."""
    draw = torch.Generator().manual_seed(7)
    x = 2 * torch.rand(600, 1, generator=draw) - 1
    sign = (torch.rand(600, generator=draw) < 0.5).float() * 2 - 1
    y = sign * (1 + x[:, 0]) + 0.1 * torch.randn(600, generator=draw)

    def loss_fn(outputs: Any, y: Tensor) -> Tensor:
        weights, means, spreads = outputs
        bells = -0.5 * ((y[:, None] - means) / spreads.exp()) ** 2 - spreads - 0.5 * math.log(2 * math.pi)
        return -torch.logsumexp(weights + bells, -1).mean()

    model = Mixture()
    return model, _adam(model, 1e-2), loss_fn, *data.loaders(data.parted(x, y), 32)


def _judge_mixture(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    loss = loss_fn(model(batch[0]), batch[1])
    return loss, -loss, len(batch[1])


class Noise(nn.Module):
    """What noise was added, told from the noisy point and how much there was."""

    def __init__(self) -> None:
        super().__init__()
        self.body = perceptron(3, 48, 48, 2)

    def forward(self, x: Tensor, share: Tensor) -> Any:
        return self.body(torch.cat([x, share], 1))


def diffusion() -> Any:
    """Noise is drawn in the step; the loss stays well above zero, since noise cannot all be told (Ho et al. 2020)."""
    train, valid = data.circles().both
    model = Noise()
    loaders: Any = DataLoader(train[0], 64, shuffle=True), DataLoader(valid[0], 256)
    return model, _adam(model), nn.MSELoss(), *loaders


def _noise_loss(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    share = torch.rand(len(batch), 1)
    noise = torch.randn_like(batch)
    return loss_fn(model((1 - share).sqrt() * batch + share.sqrt() * noise, share), noise)


def _judge_noise(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        loss = _noise_loss(model, loss_fn, batch.repeat(4, 1))
    return loss, 1 - loss, len(batch)


MAKING: tuple[Training, ...] = (
    well(
        "language causal transformer tied",
        causal_transformer,
        epochs=6,
        reaches=0.75,
        causal=True,
        step=stepping(next_word_loss),
        validate=validating(judge_words),
        **WORDS,
    ),
    well(
        "language lstm clipped",
        recurrent_language,
        epochs=6,
        reaches=0.75,
        step=stepping(_second_dimension, clip=1.0),
        validate=validating(judge_words),
        **WORDS,
    ),
    well(
        "language shifted inside",
        shifted_inside,
        epochs=6,
        reaches=0.75,
        step=stepping(_inside_loss),
        validate=validating(_judge_inside),
        **WORDS,
    ),
    well(
        "translation transformer",
        translation,
        epochs=12,
        reaches=0.8,
        pad=0,
        step=stepping(translation_loss),
        validate=validating(judge_translation),
        **WORDS,
    ),
    well(
        "translation recurrent attention",
        retelling,
        epochs=12,
        reaches=0.8,
        pad=0,
        step=stepping(translation_loss, clip=1.0),
        validate=validating(judge_translation),
        **WORDS,
    ),
    well(
        "masked words",
        masked_words,
        epochs=10,
        reaches=0.6,
        task="other",
        step=stepping(_masked_loss),
        validate=validating(_judge_masked),
    ),
    well(
        "autoencoder single tensors",
        autoencoder,
        epochs=10,
        reaches=0.45,
        task="other",
        step=stepping(_self_loss),
        validate=validating(_judge_self),
    ),
    well(
        "autoencoder variational",
        variational,
        epochs=12,
        reaches=0.33,
        task="other",
        step=stepping(_self_loss),
        validate=validating(_judge_pixels),
    ),
    well(
        "rivals two optimizers",
        rivals,
        epochs=12,
        reaches=0.6,
        task="other",
        step=_rivals_step,
        validate=_distance,
        higher_is_better=False,
    ),
    well(
        "flow likelihood",
        flow,
        epochs=20,
        reaches=-2.65,
        task="other",
        step=stepping(_flow_loss),
        validate=validating(_judge_flow),
    ),
    well(
        "mixture density",
        mixture,
        epochs=20,
        reaches=-0.6,
        task="regression",
        step=plain_step,
        validate=validating(_judge_mixture),
    ),
    well(
        "diffusion noise",
        diffusion,
        epochs=15,
        reaches=0.3,
        task="other",
        step=stepping(_noise_loss),
        validate=validating(_judge_noise),
    ),
)
