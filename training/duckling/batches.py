# Cuts the corpus into the batches that training sees, one after another.
"""Step n always sees the same batch, so interrupted training goes on with the right one."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

import corpus
from tokenizer import ASSISTANT, END, PAD, USER, Tokenizer

# Samples of a batch, and batches whose samples are sorted by length together (less padding).
BATCH = 16
BATCHES_OF_POOL = 8

# The question is learnt a little too: it is text as well, but nobody asks for it.
QUESTION_WEIGHT = 0.1


class Batch(NamedTuple):
    """Token ids [sample, position] and how much each counts: 0 padding, 1 answer."""

    ids: Tensor
    weights: Tensor


class Batches:
    """The batches of a corpus in the order of training; after the last it begins again."""

    def __init__(self, corpus_file: Path, tokenizer: Tokenizer, seed: int) -> None:
        self._samples = corpus.read(corpus_file)
        self._tokenizer = tokenizer
        self._seed = seed
        if len(self._samples) < BATCH * BATCHES_OF_POOL:
            raise SystemExit(f"{corpus_file} has too few samples; write more with corpus.py.")

    def start_at(self, step: int) -> Iterator[Batch]:
        """Batches from this step on, without end."""
        pool, done = divmod(step, BATCHES_OF_POOL)
        while True:
            yield from self._pool(pool)[done:]
            pool, done = pool + 1, 0

    def _pool(self, number: int) -> list[Batch]:
        size = BATCH * BATCHES_OF_POOL
        first = number % (len(self._samples) // size) * size
        rows = [self._encode(sample) for sample in self._samples[first : first + size]]
        rows.sort(key=lambda row: len(row[0]) + len(row[1]))
        batches = [_pad(rows[at : at + BATCH]) for at in range(0, size, BATCH)]
        random.Random(self._seed * 1_000_003 + number).shuffle(batches)
        return batches

    def _encode(self, sample: corpus.Sample) -> tuple[list[int], list[int]]:
        question = [USER, *self._tokenizer.encode(sample.question), ASSISTANT]
        return question, [*self._tokenizer.encode(sample.answer), END]


def _pad(rows: list[tuple[list[int], list[int]]]) -> Batch:
    length = max(len(question) + len(answer) for question, answer in rows)
    ids = torch.full((len(rows), length), PAD)
    weights = torch.zeros(len(rows), length)
    for row, (question, answer) in enumerate(rows):
        end = len(question) + len(answer)
        ids[row, :end] = torch.tensor(question + answer)
        weights[row, : len(question)] = QUESTION_WEIGHT
        weights[row, len(question) : end] = 1
    return Batch(ids, weights)
