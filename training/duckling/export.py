# Writes what train.py learnt as a model folder of Hugging Face's layout.
"""Makes model.safetensors, the three JSON files of settings, tokenizer.json and the licence.

    python export.py build build/model

`duckmesh models pack` and `duckmesh models add` take the folder as it is.
"""

import argparse
import json
import shutil
import struct
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from model import Shape
from tokenizer import END, PAD, SPECIALS
from train import CHECKPOINT

LICENSE = Path(__file__).resolve().parents[2] / "node" / "models" / "duckling" / "LICENSE"

CHAT_TEMPLATE = (
    "{% for m in messages %}"
    "{% if m['role'] == 'user' %}{{ '<|user|>' + m['content'] }}"
    "{% elif m['role'] == 'assistant' %}{{ '<|assistant|>' + m['content'] + '<|end|>' }}"
    "{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


def config(shape: Shape) -> dict[str, object]:
    """config.json."""
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": shape.hidden_size,
        "intermediate_size": shape.intermediate_size,
        "num_hidden_layers": shape.num_hidden_layers,
        "num_attention_heads": shape.num_attention_heads,
        "num_key_value_heads": shape.num_key_value_heads,
        "head_dim": shape.head_dim,
        "vocab_size": shape.vocab_size,
        "max_position_embeddings": shape.max_position_embeddings,
        "rope_theta": shape.rope_theta,
        "rms_norm_eps": shape.rms_norm_eps,
        "hidden_act": "silu",
        "tie_word_embeddings": True,
        "bos_token_id": None,
        "eos_token_id": END,
        "pad_token_id": PAD,
        "torch_dtype": "float32",
    }


def tokenizer_config(shape: Shape) -> dict[str, object]:
    """tokenizer_config.json, with the chat template."""
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": shape.max_position_embeddings,
        "pad_token": SPECIALS[PAD],
        "eos_token": SPECIALS[END],
        "clean_up_tokenization_spaces": False,
        "chat_template": CHAT_TEMPLATE,
    }


def safetensors(weights: dict[str, Tensor]) -> bytes:
    """The file of Hugging Face's safetensors format: length, header, numbers."""
    header: dict[str, object] = {}
    numbers = bytearray()
    for name, tensor in weights.items():
        start = len(numbers)
        numbers += tensor.float().contiguous().numpy().astype("<f4").tobytes()
        shape = list(tensor.shape)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [start, len(numbers)]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)  # numbers begin at a multiple of eight
    return struct.pack("<Q", len(text)) + text + bytes(numbers)


def write_json(file: Path, content: Mapping[str, object]) -> None:
    """As the published files are written, byte for byte."""
    file.write_text(json.dumps(content, indent=1), encoding="utf-8")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Exports Duckling.")
    parser.add_argument("folder", type=Path, help="folder of train.py")
    parser.add_argument("out", type=Path, help="model folder to write")
    options = parser.parse_args()
    state = torch.load(options.folder / CHECKPOINT, weights_only=True)
    shape = Shape(**state["shape"])
    weights = {f"model.{name}": tensor for name, tensor in state["net"].items()}
    out: Path = options.out
    out.mkdir(parents=True, exist_ok=True)
    (out / "model.safetensors").write_bytes(safetensors(weights))
    write_json(out / "config.json", config(shape))
    generation = {"eos_token_id": END, "pad_token_id": PAD, "max_new_tokens": 96}
    write_json(out / "generation_config.json", generation)
    write_json(out / "tokenizer_config.json", tokenizer_config(shape))
    shutil.copyfile(options.folder / "tokenizer.json", out / "tokenizer.json")
    shutil.copyfile(LICENSE, out / "LICENSE")
    print(f"{len(weights)} tensors after {state['step']} steps in {out}")


if __name__ == "__main__":
    main()
