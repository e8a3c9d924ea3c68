"""Chat transcripts to be anonymised: turns of a help desk with customers of seven countries, generated with Faker.

Nobody is meant: names, addresses, telephone and account numbers are made by Faker (https://faker.readthedocs.io, MIT
licence) as they are written in each country, and turns are written around them by templates. No template of one split
stands in another, so that what is measured is whether an unheard-of turn is understood. Amounts, dates, times and order
numbers stand among the rest, which are nobody's secret and look like those that are. A quarter of the turns are in
small letters, as people write in a chat.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from kilter.values.errors import MissingDependency

if TYPE_CHECKING:
    from faker import Faker

PROJECT: Final = """\
# Which words of a chat transcript must be anonymised? Names, addresses, telephone and account
# numbers of customers in seven countries. All turns are generated, with Faker: nobody is meant,
# and real transcripts are harder. No template of a turn stands in two splits.
name: transcripts
task: tagging

data:
  train: train.conll
  valid: valid.conll
  test: test.conll
  inputs: {tokens: tokens}
  target: tags

model:
  name: tagger
  word_dropout: 0.5 # test turns have other templates: a network that leans on known words learns those by heart
train: {length: 6ep}
"""

ROWS: Final[Mapping[str, int]] = MappingProxyType({"train": 4_000, "valid": 500, "test": 1_000})
LOCALES: Final = ("en_US", "en_GB", "de_DE", "fr_FR", "es_ES", "it_IT", "pl_PL")
TYPES: Final = ("name", "address", "phone", "account")
FIRST_DAY: Final = date(2024, 1, 1)
SMALL: Final = 0.25  # share of turns in small letters
_SLOT: Final = re.compile(r"\{(\w+)\}")
_WORD: Final = re.compile(r"\w+|[^\w\s]")

TEMPLATES: Final = (
    "Hi, this is {name}, I have not received my order {order} yet.",
    "My new address is {address}, please change it before {date}.",
    "You can call me at {phone} after {time}.",
    "Please transfer the {amount} to my account {account}.",
    "Thank you, {name}. How can I help you today?",
    "I live at {address} and the parcel went to my neighbour, {name}.",
    "Could you confirm the account number {account} for me?",
    "The invoice of {date} says {amount}, but I paid {amount} already.",
    "Is {phone} still the best number to reach you, {name}?",
    "My wife, {name}, is on the contract as well.",
    "We have sent order {order} to {address} on {date}.",
    "The money came from {account}, not from {account}.",
    "I moved from {address} to {address} last month.",
    "Refund {amount} for order {order}, please.",
    "Just to check: {name}, {address}, telephone {phone}?",
    "Nobody picked up when I rang {phone}, so I am writing here.",
    "{amount} is missing on {account} since {date}.",
    "Our office opens at {time}; ask for {name} or dial {phone}.",
    "It is a gift, so write {name} on it and send it to {address}.",
    "Sorry, my name is spelled {name}.",
    "Two of {order} arrived broken, what now?",
    "Speaking to {name} at {time} did not help at all.",
    "Text me on {phone}, I cannot talk at work.",
    "Ticket {order} was opened by {name} on {date}.",
    "Hello {name}, what is your order number?",
    "The order number is {order} and my name is {name}.",
    "Can you send a new card to {address}?",
    "My account is {account}, the holder is {name}.",
    "Please call my husband {name} on {phone}.",
    "I was charged {amount} on {date} and again {amount} on {date}.",
    "Your refund of {amount} will arrive on {account} by {date}.",
    "The courier came at {time} and left the box at {address}.",
    "Could you give me the name on the account {account}?",
    "It is under {name}, the postcode is in {address}.",
    "Which number should we call, {phone} or {phone}?",
    "Use {phone} for the courier and {phone} for me.",
    "Good morning {name}, I am {name} from the billing team.",
    "I see a payment of {amount} from {account} on {date}.",
    "That account {account} belongs to my son {name}.",
    "Please remove {phone} from my profile.",
    "Please add {account} as my second account.",
    "Deliver it to {address} between {time} and {time}.",
    "My flat is hard to find: {address}.",
    "The bill went to {address}, but I left that place in May.",
    "No, my last name is {name}, not {name}.",
    "I wrote to {name} about {order} on {date}, no answer.",
    "The driver should ring {phone} when he is at {address}.",
    "For returns, write {order} and {name} on the box.",
    "Did you get the {amount} that I sent to {account}?",
    "We could not deliver {order} to {address}.",
    "I have asked {name} to call you back at {time}.",
    "My phone was stolen, so {phone} does not work any more.",
    "Please close the account {account} in the name of {name}.",
    "Who is {name}? I do not know this person.",
    "Let me repeat that: {phone}, correct?",
    "Let me read it back: {account}, is that right?",
    "So I should ship order {order} to {address}, yes?",
    "The parcel for {name} weighs too much, it costs {amount} more.",
    "I need a receipt over {amount}, made out to {name}.",
    "The appointment with {name} on {date} at {time} is cancelled.",
    "You will find us at {address}, open until {time}.",
    "Fax it to {phone} or post it to {address}.",
    "Our bank details: {account}, please quote {order}.",
    "Signed, {name}, {address}.",
    "Regards, {name}",
    "Hey, it is {name} again, same problem as on {date}.",
    "I am calling about my late father, {name}, and his account {account}.",
    "The name on the door is {name}.",
    "My sister {name} will pick it up at {time}.",
    "Is there a charge of {amount} for order {order}?",
    "Ship it today, otherwise I want my {amount} back.",
    "You wrote {address}, but the right one is {address}.",
    "The contract of {name} ends on {date}.",
    "Please note my mobile: {phone}.",
    "I typed {account} and your form refused it.",
    "Standing order of {amount} to {account}, every month from {date}.",
    "Dear {name}, your order {order} has left our house at {time}.",
    "Can {name} sign for it, too?",
    "He lives next door, at {address}.",
    "Call {phone} and ask about {order}.",
    "From which account did you pay? From {account}.",
    "Where do you live? At {address}.",
    "Who am I talking to? With {name}.",
    "What is your number? It is {phone}.",
    "How much was it? About {amount}, on {date}.",
    "My tenant {name} has moved out of {address}.",
    "Please send the form for {account} by post to {address}.",
    "{name} here, any news about {order}?",
    "{phone} is my office, after {time} try {phone}.",
    "{address} is the place where it should go.",
    "{account} is the one that I use for rent.",
    "{amount} for this? I was told {amount} by {name}.",
    "Since {date} I have tried to reach {name} on {phone}.",
    "The new owner of {address} is {name}.",
    "Both {name} and {name} have access to {account}.",
    "I will be at {address} until {date}, then at {address}.",
)
"""Turns of a customer or an agent; a slot in braces is filled."""


class Turn(NamedTuple):
    """The words of a turn, a tag for each, and the template it was written by."""

    words: tuple[str, ...]
    tags: tuple[str, ...]
    template: str


def templates_of(split: str) -> tuple[str, ...]:
    """The templates of turns that a split may have: of each six one is for validation and one for the test.

    >>> len(templates_of("train")), len(templates_of("valid")), len(templates_of("test"))
    (64, 16, 16)
    """
    remainders = {"train": {0, 1, 2, 3}, "valid": {4}, "test": {5}}[split]
    return tuple(template for at, template in enumerate(TEMPLATES) if at % 6 in remainders)


def turns(*, seed: int = 0) -> dict[str, list[Turn]]:
    """The turns of each split, the same for a seed and a version of Faker.

    Raises:
        MissingDependency: Faker is not installed.
    """
    people = [_faker(locale, seed) for locale in LOCALES]
    draw = random.Random(seed)
    made: dict[str, list[Turn]] = {}
    for split, rows in ROWS.items():
        templates = templates_of(split)
        made[split] = [_turn(draw.choice(templates), draw.choice(people), draw) for _ in range(rows)]
    return made


def write_data(folder: Path) -> None:
    """Write `train.conll`, `valid.conll` and `test.conll` into a folder.

    Raises:
        MissingDependency: Faker is not installed.
    """
    for split, rows in turns().items():
        sentences = ("".join(f"{word}\t{tag}\n" for word, tag in zip(r.words, r.tags, strict=True)) for r in rows)
        (folder / f"{split}.conll").write_text("\n".join(sentences), encoding="utf-8", newline="\n")


def _faker(locale: str, seed: int) -> Faker:
    try:
        from faker import Faker
    except ImportError as error:
        raise MissingDependency(
            "the demonstration `transcripts` is generated with Faker, which is not installed",
            remedy="pip install 'kilter[demo]'",
        ) from error
    made = Faker(locale)
    made.seed_instance(seed)
    return made


def _turn(template: str, faker: Faker, draw: random.Random) -> Turn:
    small = draw.random() < SMALL
    words: list[str] = []
    tags: list[str] = []
    for at, piece in enumerate(_SLOT.split(template)):  # texts at even places, names of slots at odd ones
        text = _SLOTS[piece](faker, draw) if at % 2 else piece
        found = _WORD.findall(text.lower() if small else text)
        kind = piece if at % 2 and piece in TYPES else None
        words += found
        tags += [f"{'I' if place else 'B'}-{kind}" if kind else "O" for place in range(len(found))]
    return Turn(words=tuple(words), tags=tuple(tags), template=template)


def _name(faker: Faker, draw: random.Random) -> str:
    return draw.choice((faker.name, faker.name, faker.first_name, faker.last_name))()


def _address(faker: Faker, draw: random.Random) -> str:
    street = faker.street_address().replace("\n", ", ")
    return draw.choice((f"{street}, {faker.postcode()} {faker.city()}", f"{street}, {faker.city()}", street))


def _phone(faker: Faker, draw: random.Random) -> str:
    return faker.phone_number()


def _account(faker: Faker, draw: random.Random) -> str:
    return draw.choice((faker.iban, faker.bban))()


def _order(faker: Faker, draw: random.Random) -> str:
    return f"{draw.choice(('A', 'B', 'K', ''))}{draw.randrange(10_000, 10_000_000)}"


def _amount(faker: Faker, draw: random.Random) -> str:
    return f"{draw.randrange(5, 900)}{draw.choice(('', '.50', ',90'))} {draw.choice(('EUR', '€', 'USD'))}"


def _day(faker: Faker, draw: random.Random) -> str:
    day = FIRST_DAY + timedelta(days=draw.randrange(730))
    return day.strftime(draw.choice(("%d.%m.%Y", "%d/%m/%y", "%Y-%m-%d")))


def _time(faker: Faker, draw: random.Random) -> str:
    return f"{draw.randrange(24):02}:{draw.randrange(0, 60, 5):02}"


_SLOTS: Final[Mapping[str, Callable[[Faker, random.Random], str]]] = MappingProxyType(
    {
        "name": _name,
        "address": _address,
        "phone": _phone,
        "account": _account,
        "order": _order,
        "amount": _amount,
        "date": _day,
        "time": _time,
    }
)
"""What a slot is filled with."""
