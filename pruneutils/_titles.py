"""The titles of claims: their ids, spelled out; needs nothing else, for the pages are built without frameworks."""

import re

SPELLED = {  # what an id in small letters cannot say
    "apoz": "APoZ",
    "fine tune": "fine-tune",
    "fine tuning": "fine-tuning",
    "fisher": "Fisher",
    "function preserving": "function-preserving",
    "keras": "Keras",
    "lamp": "LAMP",
    "mid epoch": "mid-epoch",
    "monks": "MONK’s",
    "obd": "OBD",
    "obs": "OBS",
    "pytorch": "PyTorch",
    "torch pruning": "Torch-Pruning",
}


def title(id: str) -> str:
    """A claim's id as the field writes its words, such as "OBS finds the weight that can go"."""
    words = id.replace("-", " ")
    for plain, spelled in SPELLED.items():
        words = re.sub(rf"\b{plain}\b", spelled, words)
    return words[:1].upper() + words[1:]
