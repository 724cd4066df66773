"""What a run of a language model keeps of its text: the tokenizer, and how to know the text again."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genloom.autoregressive.tokenizer import Tokenizer, tokenizer_from_json
from genloom.errors import CheckpointError, DataError
from genloom.training.files import write_atomically

FILE = "tokenizer.json"
"""Its name in the folder of a run."""
_FORMAT = 1
_LIMIT = 64 << 20  # bytes; GPT-2's has 2 million


@dataclass(frozen=True)
class KnownText:
    """Enough to write, to score and to look inside without the text.

    tokenizer     that the model was trained with
    description   of the text, in words
    digest        SHA-256 of the text
    """

    tokenizer: Tokenizer
    description: str
    digest: str

    def to_json(self) -> dict[str, Any]:
        """JSON-ready data."""
        return {"format": _FORMAT, "text": {"description": self.description, "sha256": self.digest},
                "tokenizer": self.tokenizer.to_json()}

    def write(self, folder: Path) -> Path:
        """Put it into a folder, whole or not at all."""
        path = folder / FILE
        write_atomically(path, json.dumps(self.to_json(), ensure_ascii=False).encode() + b"\n")
        return path


def from_json(body: Any) -> KnownText:
    """The inverse of `KnownText.to_json`.

    Errors: `CheckpointError` for anything else.
    """
    try:
        if body["format"] > _FORMAT:
            raise CheckpointError(f"its format {body['format']} is newer than {_FORMAT}; install a newer genloom")
        text = body["text"]
        return KnownText(tokenizer_from_json(body["tokenizer"]), str(text["description"]), str(text["sha256"]))
    except (KeyError, TypeError, DataError) as error:
        raise CheckpointError(f"it is not what a run keeps of its text: {error}") from error


def read(run: Path) -> KnownText | None:
    """What a run keeps, or None for one that was made before anything was kept.

    Errors: `CheckpointError` for a file that is damaged, with the way to have it made again.
    """
    path = run / FILE
    if not path.is_file():
        return None
    try:
        if path.stat().st_size > _LIMIT:
            raise CheckpointError(f"it is larger than {_LIMIT} bytes")
        return from_json(json.loads(path.read_bytes()))
    except (OSError, ValueError, RecursionError, CheckpointError) as error:
        raise CheckpointError(f"{path} cannot be read: {error}; remove it, and it is made again from the text where "
                              "that is at hand") from error
