# Trains Duckling on one CPU core; stops and goes on where it was.
"""Reads corpus.jsonl and tokenizer.json of a folder, writes checkpoint.pt into it.

    python train.py build

Interrupted (Ctrl-C, SIGTERM), it finishes its step and saves; called again, it goes on and gets
the weights that it would have got in one go. Killed, it loses what came after the last checkpoint.
"""

import argparse
import hashlib
import math
import os
import signal
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch.nn import functional
from torch.nn.utils import clip_grad_norm_

from batches import Batch, Batches
from model import Duckling, Shape
from tokenizer import Tokenizer

CHECKPOINT = "checkpoint.pt"

# One pass over the corpus, which is the training of the published model.
STEPS = 21_160
SEED = 7

PEAK_RATE = 3e-3
LEAST_RATE = 0.02  # of the peak
WARM_UP_STEPS = 100
LONGEST_GRADIENT = 1.0


@dataclass(frozen=True)
class Settings:
    """What the weights depend on; a checkpoint of other settings is refused."""

    steps: int
    seed: int
    bf16: bool
    corpus: str
    tokenizer: str


class Run:
    """The state of a training: what a checkpoint holds."""

    def __init__(self, settings: Settings, shape: Shape) -> None:
        torch.manual_seed(settings.seed)
        self.settings, self.shape = settings, shape
        self.step = self.tokens = 0
        self.net = Duckling(shape)
        self.optimizer = torch.optim.AdamW(
            self.net.parameters(), betas=(0.9, 0.95), weight_decay=0.05
        )

    def learn(self, batch: Batch) -> float:
        """One step. Gives the mean loss of the answers' tokens."""
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.step, self.settings.steps)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.settings.bf16):
            logits = self.net(batch.ids[:, :-1])
        weights = batch.weights[:, 1:]
        losses = functional.cross_entropy(
            logits.float().flatten(0, 1), batch.ids[:, 1:].flatten(), reduction="none"
        ).view(weights.shape)
        self.optimizer.zero_grad()
        ((losses * weights).sum() / weights.sum()).backward()
        clip_grad_norm_(self.net.parameters(), LONGEST_GRADIENT)
        self.optimizer.step()
        self.step += 1
        self.tokens += int((batch.weights > 0).sum())
        return losses.detach()[weights == 1].mean().item()

    def save(self, file: Path) -> None:
        """Writes a checkpoint; a reader sees the old one or the new one."""
        state = {
            "settings": asdict(self.settings),
            "shape": asdict(self.shape),
            "step": self.step,
            "tokens": self.tokens,
            "net": self.net.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }
        fresh = file.with_suffix(".tmp")
        torch.save(state, fresh)
        os.replace(fresh, file)

    def load(self, file: Path) -> None:
        """Goes back to a checkpoint of the same settings."""
        state = torch.load(file, weights_only=True)
        if state["settings"] != asdict(self.settings):
            raise SystemExit(
                f"{file} was trained with {state['settings']}, not {asdict(self.settings)}. "
                "Use its settings, or remove it to begin anew."
            )
        self.step, self.tokens = state["step"], state["tokens"]
        self.net.load_state_dict(state["net"])
        self.optimizer.load_state_dict(state["optimizer"])


def learning_rate(step: int, steps: int) -> float:
    """Rises for some steps, then falls as half a cosine."""
    rise = min(1, step / WARM_UP_STEPS)
    fall = 0.5 * (1 + math.cos(math.pi * step / steps))
    return PEAK_RATE * rise * max(LEAST_RATE, fall)


def train(run: Run, batches: Batches, file: Path, every: int, stopped: Callable[[], bool]) -> None:
    """Until the last step or until stopped; `every` so many steps it prints a line and saves."""
    losses: list[float] = []
    start, tokens_before = time.perf_counter(), run.tokens
    for batch in batches.start_at(run.step):
        if run.step >= run.settings.steps or stopped():
            break
        losses.append(run.learn(batch))
        if run.step % every == 0:
            seconds = time.perf_counter() - start
            rate = (run.tokens - tokens_before) / seconds
            loss = sum(losses) / len(losses)
            print(
                f"step {run.step}/{run.settings.steps}  answer loss {loss:.4f}"
                f"  {run.tokens} tokens  {rate:.0f} tokens/s  {seconds:.0f} s",
                flush=True,
            )
            losses.clear()
            run.save(file)
    run.save(file)


def on_signals() -> Callable[[], bool]:
    """True once the user or the machine asked the process to end."""
    asked: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda received, _frame: asked.append(received))
    return lambda: len(asked) > 0


def digest(file: Path) -> str:
    """sha-256 of a file, hex."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Trains Duckling.")
    parser.add_argument("folder", type=Path, help="with corpus.jsonl and tokenizer.json")
    parser.add_argument("--steps", type=int, default=STEPS, help="of 16 samples each")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--every", type=int, default=100, help="steps between two lines")
    parser.add_argument("--float32", action="store_true", help="no bfloat16: slower on new CPUs")
    options = parser.parse_args()
    folder: Path = options.folder
    stopped = on_signals()
    torch.set_num_threads(options.threads)
    settings = Settings(
        steps=options.steps,
        seed=options.seed,
        bf16=not options.float32,
        corpus=digest(folder / "corpus.jsonl"),
        tokenizer=digest(folder / "tokenizer.json"),
    )
    tokenizer = Tokenizer.load(folder / "tokenizer.json")
    run = Run(settings, Shape(vocab_size=len(tokenizer.vocabulary)))
    file = folder / CHECKPOINT
    if file.exists():
        run.load(file)
        print(f"goes on at step {run.step}", flush=True)
    batches = Batches(folder / "corpus.jsonl", tokenizer, options.seed)
    train(run, batches, file, options.every, stopped)
    if run.step < settings.steps:
        raise SystemExit(f"interrupted after step {run.step}; call again to go on")
    print(f"done after {run.step} steps, {run.tokens} tokens")


if __name__ == "__main__":
    main()
