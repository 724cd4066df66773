"""Byte-pair encoding over bytes, as GPT-2 has it: trained on a text, or read from the files of GPT-2.

A text is cut into words with their leading blank; the bytes of each word are then joined pair by pair, in the order in
which training found the pairs most often. All 256 bytes are in the vocabulary, so that nothing is unknown.
[Sennrich, Haddow & Birch 2016, Alg. 1; Radford et al. 2019, §2.2]
"""

import json
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genloom.autoregressive.pieces import Pieces
from genloom.autoregressive.tokenizer import digest_of
from genloom.errors import DataError, InputError

if TYPE_CHECKING:
    from tokenizers import Tokenizer as Engine

SEPARATOR = "<|endoftext|>"
"""How GPT-2's files spell the separator."""
_BYTES = 256
_MOST = 1 << 20
_FILES = (("encoder.json", "vocab.bpe"), ("vocab.json", "merges.txt"))


class BytePairs:
    """A byte-level BPE.

    pieces   the tokens by id, spelled as GPT-2's files do, where each byte is a printable character; one of them may be
             the separator
    merges   pairs of tokens, "left right", the first ones found first

    Errors: `ValueError` for pieces that are not distinct or lack a byte, and for a merge of what is no piece.
    """

    def __init__(self, pieces: Sequence[str], merges: Sequence[str], *, kind: str = "bpe") -> None:
        self.kind, self._names, self._merges = kind, tuple(pieces), tuple(merges)
        ids = {name: k for k, name in enumerate(self._names)}
        if len(ids) != len(self._names) or not ids.keys() >= set(_SPELLED):
            raise ValueError("the pieces must be distinct and hold all 256 bytes")
        self.separator: int | None = ids.get(SEPARATOR)
        self._pieces = Pieces(b"" if name == SEPARATOR else _bytes(name) for name in self._names)
        self._engine = _engine(ids, self._merges)

    @property
    def vocabulary(self) -> int:
        """V, the number of ids, with the separator."""
        return len(self._names)

    def encode(self, text: str) -> list[int]:
        """The ids of a text.

        Errors: `InputError` for half of a surrogate pair, which is no character and has no bytes.
        """
        return self.encode_all([text])[0]

    def encode_all(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of each of these texts, on all cores that `tokenizers` may use."""
        try:
            found = self._engine.encode_batch_fast(list(texts), add_special_tokens=False)
        except (TypeError, UnicodeEncodeError) as error:
            raise InputError("text", "?".join(texts)[:80], "whole characters, no halves of surrogate pairs") from error
        return [each.ids for each in found]

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids; bytes that are no UTF-8 become U+FFFD."""
        return self._pieces.decode(ids)

    def piece(self, token: int) -> bytes:
        """The bytes that an id stands for.

        Errors: `InputError` for an id outside the vocabulary.
        """
        return self._pieces.of(token)

    def to_json(self) -> dict[str, Any]:
        """What `tokenizer_from_json` makes the same tokenizer from."""
        return {"kind": self.kind, "pieces": list(self._names), "merges": list(self._merges)}

    @cached_property
    def digest(self) -> str:
        """SHA-256 of `to_json`."""
        return digest_of(self.to_json())

    def __repr__(self) -> str:
        return f"BytePairs(kind={self.kind!r}, vocabulary={self.vocabulary})"


def train_bpe(texts: Iterable[str], vocabulary: int) -> BytePairs:
    """The BPE of these texts, which are read once, one after the other; equal texts give equal tokenizers.

    vocabulary   V at most, 257 … 1,048,576: 256 bytes, merges, and the separator, which is the last id; a text whose
                 pairs all stand there once gives fewer
    texts        must be cut where words end (`data.text.texts` does), or else the cuts would be seen in the counts

    Errors: `InputError` for a vocabulary outside its range.
    """
    from tokenizers import pre_tokenizers, trainers

    if not _BYTES < vocabulary <= _MOST:
        raise InputError("vocabulary", vocabulary, f"of {_BYTES + 1} to {_MOST}",
                         "256 are the bytes and one is the separator; 1024 suits a book")
    engine = _engine({name: k for k, name in enumerate(_SPELLED)}, ())
    engine.train_from_iterator(iter(texts), trainers.BpeTrainer(
        vocab_size=vocabulary - 1, min_frequency=2, show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    ids = engine.get_vocab()
    merges = json.loads(engine.to_str())["model"]["merges"]
    return BytePairs([*sorted(ids, key=ids.__getitem__), SEPARATOR], [" ".join(pair) for pair in merges])


def gpt2(folder: str | Path) -> BytePairs:
    """The BPE of GPT-2, or of a model with files like it: encoder.json and vocab.bpe, or vocab.json and merges.txt.

    Errors: `InputError` for a folder without them; `DataError` for files that are no byte-level BPE.
    """
    root = Path(folder).expanduser()
    for table, merges in _FILES:
        if (root / table).is_file() and (root / merges).is_file():
            return _read(root / table, root / merges)
    raise InputError("tokenizer.folder", str(folder),
                     "a folder with encoder.json and vocab.bpe, or with vocab.json and merges.txt",
                     "`genloom data gpt2-bpe --fetch` gets those of GPT-2")


def _read(table: Path, merges: Path) -> BytePairs:
    try:
        ids = json.loads(table.read_text("utf-8"))
        lines = merges.read_text("utf-8").splitlines()
        names = sorted(ids, key=ids.__getitem__)
        if [ids[name] for name in names] != list(range(len(names))):
            raise ValueError("its ids are not 0 to V − 1")
        pairs = [line for k, line in enumerate(lines) if line and not (k == 0 and line.startswith("#version"))]
        return BytePairs(names, pairs, kind="gpt2")
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise DataError(f"{table}, {merges.name}: no byte-level BPE: {error}") from error


def _engine(ids: dict[str, int], merges: Sequence[str]) -> "Engine":
    from tokenizers import Tokenizer, models, pre_tokenizers

    pairs = [(left, right) for left, right in (merge.split(" ") for merge in merges)]
    if any(part not in ids for left, right in pairs for part in (left, right, left + right)):
        raise ValueError("a merge names a piece that is not in the vocabulary")
    engine = Tokenizer(models.BPE(vocab=ids, merges=pairs))
    engine.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return engine


def _spelling() -> dict[int, str]:
    """GPT-2's character for each byte: itself where it is printable in Latin-1, else the next one from U+0100 on."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = (byte for byte in range(_BYTES) if byte not in printable)
    return {byte: chr(byte) for byte in printable} | {byte: chr(_BYTES + k) for k, byte in enumerate(others)}


_BYTE_OF = {character: byte for byte, character in _spelling().items()}
_SPELLED = tuple(sorted(_BYTE_OF))
"""The 256 one-byte tokens in the order of GPT-2's ids."""


def _bytes(name: str) -> bytes:
    try:
        return bytes(_BYTE_OF[character] for character in name)
    except KeyError:  # a further special token, as some files have: it stands for what it spells
        return name.encode()
