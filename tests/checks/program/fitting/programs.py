"""A small program whose settings are the test's."""

import torch
from torch.utils.data import DataLoader, TensorDataset

from kilter.checks.program.bench import Bench
from kilter.values.pipeline import Pipeline

ROWS, COLUMNS, CLASSES = 480, 8, 3


def rows_of(seed, count, *, noise=0.3):
    """Rows of three classes that a small network learns at once."""
    generator = torch.Generator().manual_seed(seed)
    classes = torch.randint(0, CLASSES, (count,), generator=generator)
    centres = 1.5 * torch.randn(CLASSES, COLUMNS, generator=torch.Generator().manual_seed(99))
    return centres[classes] + noise * torch.randn(count, COLUMNS, generator=generator), classes


def plain_step(model, optimizer, loss_fn, batch):
    inputs, targets = batch
    optimizer.zero_grad()
    loss = loss_fn(model(inputs), targets)
    loss.backward()
    optimizer.step()
    return loss


def validate(model, loss_fn, loader):
    was = model.training
    model.eval()
    with torch.no_grad():
        parts = [(model(inputs), targets) for inputs, targets in loader]
    model.train(was)
    outputs, targets = (torch.cat(column) for column in zip(*parts, strict=True))
    return float(loss_fn(outputs, targets)), float((outputs.argmax(1) == targets).double().mean())


def network(*, hidden=24, dropout=0.0):
    return torch.nn.Sequential(
        torch.nn.Linear(COLUMNS, hidden), torch.nn.ReLU(), torch.nn.Dropout(dropout), torch.nn.Linear(hidden, CLASSES)
    )


def bench_of(
    optimizer, *, model=network, step=plain_step, epochs=6, rows=ROWS, batch_size=32, noise=0.3, seed=0, **more
):
    """The bench of a program; `optimizer` is given the model."""

    def make(at):
        torch.manual_seed(at)
        made = model()
        train = TensorDataset(*rows_of(1, rows, noise=noise))
        valid = TensorDataset(*rows_of(2, 160, noise=noise))
        shuffled = DataLoader(train, batch_size, shuffle=True, generator=torch.Generator().manual_seed(at))
        return made, optimizer(made), torch.nn.CrossEntropyLoss(), shuffled, DataLoader(valid, 80)

    program = Pipeline.from_loop(
        make, step=step, validate=validate, task="classification", classes=CLASSES, epochs=epochs, **more
    )
    return Bench(program=program, seed=seed)


def sgd(rate, **settings):
    return lambda model: torch.optim.SGD(model.parameters(), lr=rate, **{"momentum": 0.9, **settings})


def adam(rate, **settings):
    return lambda model: torch.optim.Adam(model.parameters(), lr=rate, **settings)


HEALTHY = {
    "sgd": lambda: bench_of(sgd(0.05)),
    "adam": lambda: bench_of(adam(5e-3)),
    "adamw": lambda: bench_of(lambda model: torch.optim.AdamW(model.parameters(), lr=5e-3, weight_decay=0.1)),
    "rmsprop": lambda: bench_of(lambda model: torch.optim.RMSprop(model.parameters(), lr=2e-3)),
    "adagrad": lambda: bench_of(lambda model: torch.optim.Adagrad(model.parameters(), lr=0.03)),
    "long momentum": lambda: bench_of(sgd(0.005, momentum=0.99)),
    "large epsilon": lambda: bench_of(adam(5e-3, eps=1e-3)),
    "dropout": lambda: bench_of(adam(5e-3), model=lambda: network(hidden=64, dropout=0.5)),
    "one batch": lambda: bench_of(sgd(0.2), batch_size=ROWS, epochs=60),
    "small batches": lambda: bench_of(sgd(0.003), batch_size=2, epochs=2),
}
