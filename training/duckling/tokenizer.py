# Trains the byte-level BPE tokenizer of Duckling and encodes with it.
"""Writes a tokenizer.json of Hugging Face's format, from the first samples of the corpus.

    python tokenizer.py build/corpus.jsonl build/tokenizer.json

Text is cut as the file says (Digits, then ByteLevel), so that every program which reads it gets
the same ids: each digit stands alone, words carry their leading space.
"""

import argparse
import json
import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from pathlib import Path

import corpus

SPECIALS = ["<|pad|>", "<|end|>", "<|user|>", "<|assistant|>"]
PAD, END, USER, ASSISTANT = range(len(SPECIALS))
VOCABULARY = 1024
TRAINED_ON = 8000

Merge = tuple[str, str]

_DIGITS = re.compile(r"\d|\D+")
_WORDS = re.compile(
    r"'s|'t|'re|'ve|'m|'ll|'d| ?[A-Za-z]+| ?[0-9]+| ?[^\sA-Za-z0-9]+|\s+(?!\S)|\s+"
)


@cache
def byte_letters() -> dict[int, str]:
    """The visible letter that stands for each byte, as GPT-2 chose them."""
    visible = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = {byte: chr(byte) for byte in visible}
    hidden = (byte for byte in range(256) if byte not in letters)
    return letters | {byte: chr(256 + place) for place, byte in enumerate(hidden)}


def split(text: str) -> list[str]:
    """The pieces that merges do not cross, in letters of `byte_letters`."""
    letters = byte_letters()
    return [
        "".join(letters[byte] for byte in word.encode())
        for part in _DIGITS.findall(text)
        for word in _WORDS.findall(part)
    ]


class Tokenizer:
    """Vocabulary and merges; encodes text."""

    def __init__(self, vocabulary: dict[str, int], merges: list[Merge]) -> None:
        self.vocabulary = vocabulary
        self.merges = merges
        self._rank = {merge: rank for rank, merge in enumerate(merges)}
        self._known: dict[str, list[int]] = {}

    @classmethod
    def load(cls, path: Path) -> "Tokenizer":
        """Reads what `save` wrote."""
        model = json.loads(path.read_text(encoding="utf-8"))["model"]
        return cls(model["vocab"], [(left, right) for left, right in model["merges"]])

    def save(self, path: Path) -> None:
        """Writes tokenizer.json."""
        path.write_text(json.dumps(self._description(), ensure_ascii=False), encoding="utf-8")

    def encode(self, text: str) -> list[int]:
        """Ids of a text; special tokens in it are text like any other."""
        return [token for word in split(text) for token in self._encode_word(word)]

    def _encode_word(self, word: str) -> list[int]:
        if word not in self._known:
            parts, never = list(word), len(self._rank)
            while len(parts) > 1:
                ranks = [self._rank.get(pair, never) for pair in pairwise(parts)]
                at = ranks.index(min(ranks))
                if ranks[at] == never:
                    break
                parts[at : at + 2] = [parts[at] + parts[at + 1]]
            self._known[word] = [self.vocabulary[part] for part in parts]
        return self._known[word]

    def _description(self) -> dict[str, object]:
        added = {"single_word": False, "lstrip": False, "rstrip": False}
        byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True}
        return {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": [
                {"id": token, "content": name, **added, "normalized": False, "special": True}
                for token, name in enumerate(SPECIALS)
            ],
            "normalizer": None,
            "pre_tokenizer": {
                "type": "Sequence",
                "pretokenizers": [
                    {"type": "Digits", "individual_digits": True},
                    {**byte_level, "use_regex": True},
                ],
            },
            "post_processor": None,
            "decoder": {**byte_level, "use_regex": True},
            "model": {
                "type": "BPE",
                "dropout": None,
                "unk_token": None,
                "continuing_subword_prefix": None,
                "end_of_word_suffix": None,
                "fuse_unk": False,
                "byte_fallback": False,
                "vocab": self.vocabulary,
                "merges": self.merges,
            },
        }


def train(texts: Iterable[str], size: int) -> Tokenizer:
    """Merges the most frequent pair again and again; of equal ones the last by its letters."""
    frequency = Counter(word for text in texts for word in split(text))
    parts = {word: list(word) for word in frequency}
    names = [*SPECIALS, *(byte_letters()[byte] for byte in range(256))]
    vocabulary = {name: token for token, name in enumerate(names)}
    merges: list[Merge] = []
    while len(vocabulary) < size:
        pairs: Counter[Merge] = Counter()
        for word, pieces in parts.items():
            for pair in pairwise(pieces):
                pairs[pair] += frequency[word]
        best, count = max(pairs.items(), key=lambda item: (item[1], item[0]), default=(None, 0))
        if best is None or count < 2:
            break
        merges.append(best)
        vocabulary["".join(best)] = len(vocabulary)
        for pieces in parts.values():
            _merge(pieces, best)
    return Tokenizer(vocabulary, merges)


def _merge(pieces: list[str], pair: Merge) -> None:
    at = 0
    while at < len(pieces) - 1:
        if (pieces[at], pieces[at + 1]) == pair:
            pieces[at : at + 2] = ["".join(pair)]
        at += 1


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Trains the tokenizer of Duckling.")
    parser.add_argument("corpus", type=Path, help="JSON lines of corpus.py")
    parser.add_argument("out", type=Path, help="tokenizer.json to write")
    options = parser.parse_args()
    samples = corpus.read(options.corpus)[:TRAINED_ON]
    trained = train([f"{sample.question}\n{sample.answer}" for sample in samples], VOCABULARY)
    trained.save(options.out)
    print(f"{len(trained.vocabulary)} tokens of {len(samples)} samples in {options.out}")


if __name__ == "__main__":
    main()
