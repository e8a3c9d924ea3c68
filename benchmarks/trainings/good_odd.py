"""Trainings that end well and look odd: below zero, flat before they fall, rising, swinging, or hardly falling."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from trainings.data import digits, moons, text, tumours, waves
from trainings.kit import Case, Journal, classify, detect, fit, held_out, mlp, next_token, regress
from trainings.networks import Reader, Transformer, Writer, similar


def likelihood_of_a_density() -> Journal:
    """The density of a narrow ring by a mixture of sixteen Gaussians.

    Negative log likelihood, below zero as it should.
    """
    angle = 6.283 * torch.rand(1500)
    points = 0.2 * torch.stack([angle.cos(), angle.sin()], 1) + 0.01 * torch.randn(1500, 2)
    model = nn.ParameterDict(
        {
            "mean": nn.Parameter(0.2 * torch.randn(16, 2)),
            "log_scale": nn.Parameter(torch.full((16, 2), -1.0)),
            "weight": nn.Parameter(torch.zeros(16)),
        }
    )

    def loss(model: nn.Module, x: Tensor) -> Tensor:
        apart = (x[:, None] - model["mean"]) / model["log_scale"].exp()
        log = -0.5 * (apart**2).sum(-1) - model["log_scale"].sum(-1) - math.log(2 * math.pi)
        return -(log + model["weight"].log_softmax(0)).logsumexp(-1).mean()

    adam = torch.optim.Adam(model.parameters(), 1e-2)
    validate = held_out(loss, points[:300], accuracy=False)
    return fit(model, adam, loss, (points[300:],), batch=60, epochs=30, every=2, validate=validate)


def noise_that_varies() -> Journal:
    """Amounts with their own variance (Gaussian likelihood).

    The loss goes below zero and stays there; well calibrated.
    """
    x = 2 * torch.rand(1500, 1) - 1
    y = 0.3 * torch.sin(4 * x[:, 0]) + (0.02 + 0.06 * (x[:, 0] > 0)) * torch.randn(1500)
    model = mlp(1, 48, 2, act=nn.Tanh)

    def loss(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        mean, log = model(x).unbind(-1)
        return F.gaussian_nll_loss(mean, y, log.exp())

    adam = torch.optim.Adam(model.parameters(), 5e-3)
    validate = held_out(loss, x[:300], y[:300], accuracy=False)
    return fit(model, adam, loss, (x[300:], y[300:]), epochs=35, every=3, norm=True, validate=validate)


def counts() -> Journal:
    """Counts by a Poisson likelihood without its constant: negative from the first epochs on, and right."""
    x = torch.randn(1500, 6)
    y = torch.poisson((1.5 + 0.5 * x[:, 0] - 0.3 * x[:, 1]).exp())
    model = nn.Linear(6, 1)

    def loss(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        return F.poisson_nll_loss(model(x).squeeze(-1), y)

    adam = torch.optim.Adam(model.parameters(), 2e-2)
    validate = held_out(loss, x[:300], y[:300], accuracy=False)
    return fit(model, adam, loss, (x[300:], y[300:]), epochs=15, every=0, mean=True, validate=validate)


def similar_digits() -> Journal:
    """Contrastive learning of digits under noise, pairs in batches of 64: from log 64 to 1, with norms."""
    x, _, vx, _ = digits()
    model = mlp(64, 96, 24)

    def loss(model: nn.Module, x: Tensor) -> Tensor:
        return similar(model(x + 0.15 * torch.randn_like(x)), model(x + 0.15 * torch.randn_like(x)))

    adam = torch.optim.Adam(model.parameters(), 1e-3)
    validate = held_out(loss, vx[:64], accuracy=False)
    return fit(model, adam, loss, (x,), batch=64, epochs=20, every=1, norm=True, validate=validate)


def cosine_of_two_views() -> Journal:
    """Two views of digits, one through a predictor, the other's gradient stopped.

    Minus their cosine, from 0 to -.99.
    """
    x, _, vx, _ = digits()
    trunk = nn.Sequential(mlp(64, 64, 32), nn.BatchNorm1d(32, affine=False))
    model = nn.ModuleList([trunk, mlp(32, 16, 32)])

    def loss(model: nn.Module, x: Tensor) -> Tensor:
        trunk, predictor = model
        one, two = (trunk(x + 0.15 * torch.randn_like(x)) for _ in range(2))
        pairs = [(predictor(one), two.detach()), (predictor(two), one.detach())]
        return -sum(F.cosine_similarity(first, second).mean() for first, second in pairs) / 2

    sgd = torch.optim.SGD(model.parameters(), 0.05, momentum=0.9, weight_decay=1e-4)
    return fit(model, sgd, loss, (x,), batch=64, epochs=15, every=2, validate=held_out(loss, vx, accuracy=False))


def two_players() -> Journal:
    """A generative adversarial network of a Gaussian.

    The discriminator's loss falls first and then returns to log 4.
    """
    maker, judge = mlp(4, 24, 1), mlp(1, 24, 1)
    first = torch.optim.Adam(maker.parameters(), 1e-3, betas=(0.5, 0.9))
    second = torch.optim.Adam(judge.parameters(), 1e-3, betas=(0.5, 0.9))
    journal = Journal()
    for step in range(1, 3001):
        real, made = 3 + 0.7 * torch.randn(48, 1), maker(torch.randn(48, 4))
        second.zero_grad()
        of_judge = F.softplus(-judge(real)).mean() + F.softplus(judge(made.detach())).mean()
        of_judge.backward()
        second.step()
        first.zero_grad()
        of_maker = F.softplus(-judge(made)).mean()
        of_maker.backward()
        first.step()
        if step % 5 == 0:
            journal.note(step, {"train.loss": float(of_judge), "train.generator_loss": float(of_maker)})
    return journal


def arms_of_a_bandit() -> Journal:
    """REINFORCE on five arms with a baseline: the surrogate loss wanders about zero.

    The mean reward goes from .4 to .8.
    """
    pays = torch.tensor([0.2, 0.4, 0.5, 0.3, 0.8])
    logits = torch.zeros(5, requires_grad=True)
    adam = torch.optim.Adam([logits], 0.03)
    journal, baseline = Journal(), 0.0
    for step in range(1, 801):
        arms = torch.multinomial(logits.softmax(0), 16, replacement=True)
        reward = (torch.rand(16) < pays[arms]).float()
        loss = -((reward - baseline) * logits.log_softmax(0)[arms]).mean()
        baseline += 0.05 * (float(reward.mean()) - baseline)
        adam.zero_grad()
        loss.backward()
        adam.step()
        journal.note(step, {"train.loss": float(loss), "train.reward": float(reward.mean())})
    return journal


def values_of_a_corridor() -> Journal:
    """Q-learning in a corridor of ten rooms with a target network.

    The loss rises once reward is found, then goes down.
    """
    model, target = mlp(10, 32, 2), mlp(10, 32, 2)
    adam = torch.optim.Adam(model.parameters(), 2e-3)
    rooms = torch.eye(10)
    journal, memory, room, length, lengths = Journal(), [], 0, 0, [60.0]
    for step in range(1, 2501):
        explore = torch.rand(()) < max(0.1, 1 - step / 800)
        move = int(torch.randint(0, 2, ())) if explore else int(model(rooms[room]).argmax())
        after = min(9, max(0, room + (1 if move else -1)))
        memory.append((room, move, float(after == 9), after))
        room, length = (0, 0) if after == 9 else (after, length + 1)
        if after == 9:
            lengths.append(float(length))
        if step < 50:
            continue
        drawn = [memory[int(at)] for at in torch.randint(max(0, len(memory) - 1000), len(memory), (32,))]
        here, moves, reward, there = (torch.tensor(each) for each in zip(*drawn, strict=True))
        with torch.no_grad():
            goal = reward + 0.9 * (1 - reward) * target(rooms[there]).max(-1).values
        loss = F.mse_loss(model(rooms[here]).gather(1, moves[:, None])[:, 0], goal)
        adam.zero_grad()
        loss.backward()
        adam.step()
        if step % 100 == 0:
            target.load_state_dict(model.state_dict())
        if step % 5 == 0:
            journal.note(step, {"train.loss": float(loss), "train.reward": float(reward.mean())})
    return journal


def digits_drawn_again() -> Journal:
    """An autoencoder of digits, twelve numbers between: squared error of pixels, from .2 to .02."""
    x, _, vx, _ = digits()
    model = nn.Sequential(mlp(64, 48, 12), nn.ReLU(), mlp(12, 48, 64))

    def loss(model: nn.Module, x: Tensor) -> Tensor:
        return F.mse_loss(model(x), x)

    adam = torch.optim.Adam(model.parameters(), 2e-3)
    return fit(model, adam, loss, (x,), epochs=30, every=4, validate=held_out(loss, vx, accuracy=False))


def variational() -> Journal:
    """A variational autoencoder of digits whose penalty is warmed up: the total rises while the penalty comes in."""
    x, _, vx, _ = digits()
    model = nn.ModuleList([mlp(64, 64, 16), mlp(8, 64, 64)])
    weight = [0.0]

    def loss(model: nn.Module, x: Tensor) -> Tensor:
        mean, log = model[0](x).chunk(2, -1)
        drawn = model[1](mean + (log / 2).exp() * torch.randn_like(mean))
        apart = F.binary_cross_entropy_with_logits(drawn, x, reduction="none").sum(-1).mean()
        return apart + weight[0] * 0.5 * (mean**2 + log.exp() - 1 - log).sum(-1).mean()

    def warm(step: int) -> None:
        weight[0] = min(1.0, step / 500)

    adam = torch.optim.Adam(model.parameters(), 2e-3)
    validate = held_out(loss, vx, accuracy=False)
    return fit(model, adam, loss, (x,), batch=64, epochs=45, every=2, each_step=warm, validate=validate)


def noise_foretold() -> Journal:
    """A diffusion model of two moons.

    It falls within a hundred steps and then stays on a noisy floor; samples are good.
    """
    x, _, vx, _ = moons(2400, 0.05)
    model = mlp(3, 64, 64, 2, act=nn.SiLU)

    def loss(model: nn.Module, x: Tensor) -> Tensor:
        time = torch.rand(len(x), 1)
        noise = torch.randn_like(x)
        mixed = (1.57 * time).cos() * x + (1.57 * time).sin() * noise
        return F.mse_loss(model(torch.cat([mixed, time], 1)), noise)

    adam = torch.optim.Adam(model.parameters(), 2e-3)
    return fit(model, adam, loss, (x,), batch=64, epochs=50, every=2, validate=held_out(loss, vx, accuracy=False))


def text_to_its_entropy() -> Journal:
    """A writer of text: the loss comes to the entropy of the chain and stands there, one cannot do better."""
    x, y = text(3000, 20)
    vx, vy = text(200, 20, seed=1)
    model = Writer(12, 48)
    adam = torch.optim.Adam(model.parameters(), 8e-3)
    plan = torch.optim.lr_scheduler.CosineAnnealingLR(adam, 5 * 47)
    validate = held_out(next_token, vx, vy, accuracy=False)
    return fit(
        model, adam, next_token, (x, y), batch=64, epochs=5, rate=True, norm=True, schedule=plan, clip=1.0,
        validate=validate, validate_every=25,
    )  # fmt: skip


def plateau_before_the_rule() -> Journal:
    """The parity of three of twenty bits.

    Nothing is seen for a third of the run, then the rule is found; all is right.
    """
    x = torch.randint(0, 2, (4000, 20)).float() * 2 - 1
    y = (x[:, 0] * x[:, 5] * x[:, 9] > 0).float()
    model = mlp(20, 96, 1)
    sgd = torch.optim.SGD(model.parameters(), 0.1, momentum=0.8)

    def validate(model: nn.Module) -> dict[str, float]:
        logits = model(x[:500]).squeeze(-1)
        share = float(((logits > 0) == (y[:500] > 0.5)).float().mean())
        return {"valid.loss": float(detect(model, x[:500], y[:500])), "valid.accuracy": share}

    return fit(model, sgd, detect, (x[500:], y[500:]), batch=32, epochs=20, every=5, validate=validate)


def understood_late() -> Journal:
    """Addition modulo 23 with decay (grokking): learnt by heart at once, validation rises, then falls to nothing."""
    first, second = torch.meshgrid(torch.arange(23), torch.arange(23), indexing="ij")
    pairs = torch.stack([first.flatten(), second.flatten()], 1)
    order = torch.randperm(len(pairs))
    y = pairs.sum(1) % 23
    x = torch.cat([F.one_hot(pairs[:, 0], 23), F.one_hot(pairs[:, 1], 23)], 1).float()
    model = mlp(46, 128, 23)
    adam = torch.optim.AdamW(model.parameters(), 1e-2, weight_decay=1.0, betas=(0.9, 0.98))
    train, held = order[:380], order[380:]
    return fit(
        model, adam, classify, (x[train], y[train]), batch=999, epochs=3000, every=10,
        validate=held_out(classify, x[held], y[held]), validate_every=20,
    )  # fmt: skip


def copied_to_nothing() -> Journal:
    """A transformer that turns short sequences round: a plateau, then the loss goes to zero on both splits, rightly."""
    drawn = torch.randint(0, 8, (2000, 6))
    model = Transformer(8, 32, 6, depth=1, heads=2, causal=False)
    adam = torch.optim.Adam(model.parameters(), 3e-3)
    x, y = drawn, drawn.flip(1)
    validate = held_out(next_token, x[:300], y[:300], accuracy=False)
    return fit(model, adam, next_token, (x[300:], y[300:]), batch=50, epochs=16, every=2, validate=validate)


def margins_kept() -> Journal:
    """Moons by a hinge loss: once every margin is kept the loss is zero, the held-out ones are right, too."""
    x, y, vx, vy = moons(1000, 0.05)
    model = mlp(2, 48, 1)

    def loss(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        return (1 - (2 * y - 1) * model(x).squeeze(-1)).relu().mean()

    adam = torch.optim.Adam(model.parameters(), 5e-3)
    validate = held_out(loss, vx, vy, accuracy=False)
    return fit(model, adam, loss, (x, y), epochs=40, every=4, validate=validate)


def longer_and_longer() -> Journal:
    """Waves that get longer and noisier by a curriculum: the training loss rises at each stage, validation falls."""
    model = Reader(1, 24)
    adam = torch.optim.Adam(model.parameters(), 5e-3)
    vx, vy = waves(100, 32, seed=9, noise=0.3)

    def loss(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        return F.mse_loss(model(x), y)

    journal = Journal()
    for stage, noise in enumerate((0.0, 0.1, 0.2, 0.3)):
        data = waves(240, 8 * (stage + 1), seed=stage, noise=noise)
        validate = held_out(loss, vx, vy, accuracy=False)
        fit(model, adam, loss, data, batch=20, epochs=6, every=1, validate=validate, journal=journal, start=72 * stage)
    return journal


def down_and_up_and_down() -> Journal:
    """Features learnt fast and others slowly, full batches: validation rises first, then falls and ends at its best."""
    source = torch.Generator().manual_seed(3)
    x = torch.randn(650, 120, generator=source)
    y = x[:, :100].mean(1) * 10 + x[:, 100:].mean(1) * 20**0.5 + 0.1 * torch.randn(650, generator=source)
    x[:, 100:] *= 0.15
    model = nn.Linear(120, 1)
    with torch.no_grad():
        model.weight.zero_()
    sgd = torch.optim.SGD(model.parameters(), 0.05)
    validate = held_out(regress, x[150:], y[150:], accuracy=False)
    return fit(
        model,
        sgd,
        regress,
        (x[:150], y[:150]),
        batch=999,
        epochs=10_000,
        every=10,
        validate=validate,
        validate_every=10,
    )


def words_and_neighbours() -> Journal:
    """Word vectors by negative sampling.

    The loss goes from 8 to a floor of 2.5, which is all there is; each third step.
    """
    x, y = text(1500, 12, symbols=12, sharp=3.0)
    model = nn.ModuleList([nn.Embedding(12, 12), nn.Embedding(12, 12)])

    def loss(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        here, near = model[0](x), model[1](y)
        others = model[1](torch.randint(0, 12, (*x.shape, 5)))
        return -(
            F.logsigmoid((here * near).sum(-1)) + F.logsigmoid(-(here[..., None, :] * others).sum(-1)).sum(-1)
        ).mean()  # fmt: skip

    sgd = torch.optim.Adam(model.parameters(), 1e-2)
    return fit(model, sgd, loss, (x, y), batch=50, epochs=20, every=3)


def whole_field_overlap() -> Journal:
    """Discs found in small noisy pictures by minus the Dice coefficient: from -.3 to -.95, below zero by its nature."""
    source = torch.Generator().manual_seed(1)
    grid = torch.arange(12.0)
    centre = 3 + 6 * torch.rand(500, 2, 1, 1, generator=source)
    mask = ((grid[:, None] - centre[:, 0]) ** 2 + (grid[None] - centre[:, 1]) ** 2 < 8).float()[:, None]
    x = mask + 0.5 * torch.randn(mask.shape, generator=source)
    model = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 1, 3, padding=1), nn.Sigmoid())

    def loss(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        said = model(x)
        return -((2 * (said * y).sum((1, 2, 3)) + 1) / ((said + y).sum((1, 2, 3)) + 1)).mean()

    adam = torch.optim.Adam(model.parameters(), 1e-2)
    validate = held_out(loss, x[:100], mask[:100], accuracy=False)
    return fit(model, adam, loss, (x[100:], mask[100:]), batch=20, epochs=10, validate=validate)


def attacked_in_training() -> Journal:
    """Tumours, each batch moved against the network (adversarial training): training lies above validation, rightly."""
    x, y, vx, vy = tumours()
    model = mlp(30, 32, 1)

    def attack(step: int, part: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        moved = part[0].clone().requires_grad_()
        (slope,) = torch.autograd.grad(detect(model, moved, part[1]), moved)
        return part[0] + 0.3 * slope.sign(), part[1]

    adam = torch.optim.Adam(model.parameters(), 2e-3, weight_decay=1e-3)
    validate = held_out(detect, vx, vy, accuracy=False)
    return fit(model, adam, detect, (x, y), epochs=25, every=2, tamper=attack, validate=validate)


def fine_tuned() -> Journal:
    """A network of digits under a new kind of noise, fine-tuned from what it knew: begins low and falls a little."""
    x, y, vx, vy = digits()
    model = mlp(64, 96, 10)
    fit(model, torch.optim.Adam(model.parameters(), 2e-3), classify, (x, y), epochs=12, every=0)
    noisy, held = x + 0.2 * torch.randn_like(x), vx + 0.2 * torch.randn_like(vx)
    adam = torch.optim.Adam(model.parameters(), 1e-4)
    return fit(model, adam, classify, (noisy, y), epochs=6, norm=True, rate=True, validate=held_out(classify, held, vy))


CASES = (
    Case(make=likelihood_of_a_density),
    Case(make=noise_that_varies, task="regression"),
    Case(make=counts, task="regression"),
    Case(make=similar_digits, task="contrastive"),
    Case(make=cosine_of_two_views),
    Case(make=two_players),
    Case(make=arms_of_a_bandit),
    Case(make=values_of_a_corridor),
    Case(make=digits_drawn_again),
    Case(make=variational),
    Case(make=noise_foretold),
    Case(make=text_to_its_entropy, task="generation", classes=12),
    Case(make=plateau_before_the_rule, task="classification", classes=2),
    Case(make=understood_late, task="classification", classes=23),
    Case(make=copied_to_nothing, task="tagging", classes=8),
    Case(make=margins_kept),
    Case(make=longer_and_longer),
    Case(make=down_and_up_and_down, task="regression"),
    Case(make=words_and_neighbours),
    Case(make=whole_field_overlap),
    Case(make=attacked_in_training, task="classification", classes=2),
    Case(make=fine_tuned, task="classification", classes=10),
)
