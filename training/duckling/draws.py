# Writes fresh questions with their answers, on which a trained model is scored.
"""Draws of a seed that training does not use, without stories (they have no one right answer).

    python draws.py draws.jsonl --corpus build/corpus.jsonl

With --corpus it prints how many of the questions training asked too: those show what was
remembered, the others what was understood.
"""

import argparse
from collections import Counter
from itertools import islice
from pathlib import Path

import corpus

COUNT = 500
SEED = 2026


def questions(seed: int, count: int) -> list[corpus.Sample]:
    """The first samples of a seed that are no stories."""
    answerable = (sample for sample in corpus.endless(seed) if sample.kind != "stories")
    return list(islice(answerable, count))


def print_seen(drawn: list[corpus.Sample], trained: Path) -> None:
    """A table of how many draws of each kind are in the training text."""
    known = {sample.question for sample in corpus.read(trained)}
    asked = Counter(sample.kind for sample in drawn)
    seen = Counter(sample.kind for sample in drawn if sample.question in known)
    print("kind, draws, of these in the training text")
    for kind in corpus.KINDS:
        if asked[kind] > 0:
            print(f"{kind}, {asked[kind]}, {seen[kind]}")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Writes questions to score a model with.")
    parser.add_argument("out", type=Path, help="file of JSON lines to write")
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--corpus", type=Path, help="training text to compare with")
    options = parser.parse_args()
    if options.seed == corpus.SEED:
        parser.error(f"seed {options.seed} is the one of the training text; take another")
    drawn = questions(options.seed, options.count)
    corpus.write(options.out, drawn)
    print(f"{options.count} draws of seed {options.seed} in {options.out}")
    if options.corpus is not None:
        print_seen(drawn, options.corpus)


if __name__ == "__main__":
    main()
