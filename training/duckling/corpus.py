# Generates the text that Duckling is trained on: questions and answers of eleven kinds.
"""Writes samples as JSON lines: kind, question, answer. The same seed gives the same text.

    python corpus.py build/corpus.jsonl

Everything is made from the lists in words.py; no outside text is used.
"""

import argparse
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import words

# One pass over these is the training of the published model: 21 160 steps of 16 samples.
SAMPLES = 338_560
SEED = 3


class Sample(NamedTuple):
    """One question, the one right answer to it (of stories: a possible one), and its kind."""

    kind: str
    question: str
    answer: str


Pair = tuple[str, str]


def sums(r: random.Random) -> Pair:
    """A sum of two numbers up to 20, or a difference that is not negative."""
    a, b = r.randint(0, 20), r.randint(0, 20)
    if r.random() < 0.5:
        form = r.choice(["What is {} plus {}?", "Add {} and {}.", "{} + {} = ?"])
        return form.format(a, b), f"{a} plus {b} is {a + b}."
    a, b = max(a, b), min(a, b)
    form = r.choice(["What is {} minus {}?", "{} - {} = ?"])
    return form.format(a, b), f"{a} minus {b} is {a - b}."


def products(r: random.Random) -> Pair:
    """The multiplication table up to 10."""
    a, b = r.randint(1, 10), r.randint(1, 10)
    form = r.choice(["What is {} times {}?", "Multiply {} by {}.", "{} x {} = ?"])
    return form.format(a, b), f"{a} times {b} is {a * b}."


def units(r: random.Random) -> Pair:
    """2 to 12 of a unit in a smaller one."""
    large, small, factor = r.choice(words.UNITS)
    n = r.randint(2, 12)
    form = r.choice(["Convert {n} {large} to {small}.", "How many {small} are in {n} {large}?"])
    return form.format(n=n, large=large, small=small), f"{n} {large} is {n * factor} {small}."


def spelling(r: random.Random) -> Pair:
    """A word, letter by letter."""
    word = r.choice(words.WORDS)
    form = r.choice(["Spell the word {}.", "How do you spell {}?"])
    return form.format(word), "-".join(word)


def reversal(r: random.Random) -> Pair:
    """A word backwards."""
    word = r.choice(words.WORDS)
    form = r.choice(["Reverse the word {}.", "Write {} backwards."])
    return form.format(word), word[::-1]


def sentiment(r: random.Random) -> Pair:
    """Whether a review of one sentence praises."""
    thing = r.choice(words.REVIEWED)
    praises = r.random() < 0.5
    a, b = r.sample(words.PRAISE if praises else words.BLAME, 2)
    review = r.choice(
        [
            f"The {thing} was {a}.",
            f"The {thing} was {a} and {b}.",
            f"What a {a} {thing}!",
            f"I found the {thing} {a}.",
        ]
    )
    task = r.choice(["Is this review positive or negative? ", "Classify the sentiment: "])
    return task + review, "Positive." if praises else "Negative."


def capitals(r: random.Random) -> Pair:
    """The capital of a country, or the country of a capital."""
    country = r.choice(list(words.CAPITALS))
    capital = words.CAPITALS[country]
    if r.random() < 0.7:
        form = r.choice(["What is the capital of {}?", "Name the capital of {}."])
        return form.format(country), f"The capital of {country} is {capital}."
    return f"Which country has the capital {capital}?", f"{capital} is the capital of {country}."


def facts(r: random.Random) -> Pair:
    """About ducks and DuckMesh."""
    return r.choice(words.FACTS)


def greetings(r: random.Random) -> Pair:
    """What is said before and after."""
    return r.choice(words.GREETINGS)


def two_people(r: random.Random) -> Pair:
    """Who of two has which thing of which colour; the answer is in the question."""
    name = r.sample(words.NAMES, 2)
    item = r.sample(words.ITEMS, 2)
    color = r.sample(words.COLORS, 2)
    asked = r.randint(0, 1)
    told = f"{name[0]} has a {color[0]} {item[0]}. {name[1]} has a {color[1]} {item[1]}."
    if r.random() < 0.5:
        question = f"{told} What color is the {item[asked]}?"
        return question, f"The {item[asked]} is {color[asked]}."
    return f"{told} Who has the {item[asked]}?", f"{name[asked]} has the {item[asked]}."


def stories(r: random.Random) -> Pair:
    """Four sentences about an animal: one of many right answers."""
    animal, trait, place = r.choice(words.ANIMALS), r.choice(words.TRAITS), r.choice(words.PLACES)
    find, deed, ending = r.choice(words.FINDS), r.choice(words.DEEDS), r.choice(words.ENDINGS)
    story = (
        f"Once there was a {trait} {animal} who lived near the {place}. "
        f"One day the {animal} found {find}. The {animal} {deed}. {ending}"
    )
    return f"Tell me a story about a {trait} {animal}.", story


# How often each kind comes. Numbers and two people need the most practice.
KINDS: dict[str, tuple[int, Callable[[random.Random], Pair]]] = {
    "sums": (16, sums),
    "products": (9, products),
    "units": (8, units),
    "spelling": (6, spelling),
    "reversal": (7, reversal),
    "sentiment": (8, sentiment),
    "capitals": (10, capitals),
    "facts": (9, facts),
    "greetings": (4, greetings),
    "two-people": (24, two_people),
    "stories": (4, stories),
}


def draw(r: random.Random) -> Sample:
    """One sample of any kind."""
    weights = [weight for weight, _ in KINDS.values()]
    kind = r.choices(list(KINDS), weights=weights)[0]
    return Sample(kind, *KINDS[kind][1](r))


def endless(seed: int) -> Iterator[Sample]:
    """Samples without end, the same for the same seed."""
    r = random.Random(seed)
    while True:
        yield draw(r)


def read(path: Path) -> list[Sample]:
    """Samples of a file that `write` wrote."""
    with path.open(encoding="utf-8") as lines:
        return [Sample(**json.loads(line)) for line in lines]


def write(path: Path, samples: list[Sample]) -> None:
    """Writes one sample a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="\n") as out:
        for sample in samples:
            out.write(json.dumps(sample._asdict(), ensure_ascii=False) + "\n")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Generates the training text of Duckling.")
    parser.add_argument("out", type=Path, help="file of JSON lines to write")
    parser.add_argument("--samples", type=int, default=SAMPLES)
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    stream = endless(options.seed)
    write(options.out, [next(stream) for _ in range(options.samples)])
    print(f"{options.samples} samples of seed {options.seed} in {options.out}")


if __name__ == "__main__":
    main()
