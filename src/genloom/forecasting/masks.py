"""Which positions an attention may look at: named masks, and the reader's own."""

from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import Tensor

from genloom.errors import DataError, InputError, UnknownName
from genloom.rng import generator

Mask = str | Tensor | Callable[[int, int], Tensor]
"""A name of `MASKS`, a file (.csv or .npy of zeros and ones), a matrix, or what makes one: (queries, keys) -> bool."""

MASKS: Mapping[str, str] = {
    "none": "every position looks at every other",
    "causal": "a position looks at itself and at earlier ones",
    "recent": "a position looks at itself and the 23 before it, a day of hours",
    "shuffled": "as many pairs as causal has, of positions in a random order: a control that hides time at random",
}
"""The named masks, each with what it lets through."""

RECENT = 24
"""Keys that a query of the mask `recent` sees, itself among them."""
_FILES = (".csv", ".npy")
_LARGEST = 1 << 26  # entries of a file: 8192 × 8192


def make_mask(mask: Mask, queries: int, keys: int, *, seed: int = 0) -> Tensor | None:
    """The mask of a name, a file or a function: bool (queries, keys), True where a query may look; None hides nothing.

    causal     m_ij = [j ≤ i + keys − queries]: the queries are the last ones of the keys, as with kept keys and values
    recent     m_ij = [0 ≤ i + keys − queries − j < 24]
    shuffled   m_ij = [π(j) ≤ π(i + keys − queries)] for a random permutation π of the keys: it hides as much as the
               causal mask, and lets through what is in the future
    seed       of that permutation

    Every query looks at one key at least, since a softmax over nothing is not a number.

    >>> make_mask("causal", 2, 3).int().tolist()
    [[1, 1, 0], [1, 1, 1]]

    Errors: `UnknownName`; `InputError` for sizes that do not fit, entries other than 0 and 1, or a row of zeros;
    `DataError` for a file that cannot be read.
    """
    if isinstance(mask, Tensor):
        return _checked(mask, queries, keys)
    if callable(mask):
        return _checked(mask(queries, keys), queries, keys)
    if mask == "none":
        return None
    if mask in MASKS:
        if not 1 <= queries <= keys:
            raise InputError("queries, keys", (queries, keys), "at least one query, and as many keys as queries")
        order = torch.randperm(keys, generator=generator(seed, keys)) if mask == "shuffled" else torch.arange(keys)
        age = order[keys - queries :, None] - order[None, :]
        return (age >= 0) & (age < RECENT) if mask == "recent" else age >= 0
    if Path(mask).suffix in _FILES:
        return _checked(read_mask(Path(mask)), queries, keys)
    raise UnknownName("mask", mask, [*MASKS, *(f"a file {suffix}" for suffix in _FILES)])


def read_mask(path: Path) -> Tensor:
    """The matrix of a file of zeros and ones, .csv (numbers between commas) or .npy.

    Errors: `DataError` for a file that is missing, too large, or no such matrix.
    """
    import numpy as np

    try:
        if path.stat().st_size > 8 * _LARGEST:
            raise DataError(f"{path}: larger than a mask of {_LARGEST:,} entries")
        is_array = path.suffix == ".npy"
        found = np.load(path, allow_pickle=False) if is_array else np.loadtxt(path, delimiter=",", ndmin=2)
        return torch.from_numpy(np.asarray(found, dtype=np.float64))
    except (OSError, ValueError, EOFError, TypeError) as error:
        raise DataError(f"{path}: no mask ({str(error)[:80]}); write rows of 0 and 1, with commas") from error


def future_pairs(mask: Tensor | None, queries: int, keys: int) -> int:
    """How many pairs a mask lets through whose key is later than the query: 0 for a causal one.

    >>> future_pairs(None, 3, 3), future_pairs(make_mask("causal", 3, 3), 3, 3)
    (3, 0)
    """
    later = ~torch.ones(queries, keys, dtype=torch.bool).tril(keys - queries)
    return int((later if mask is None else later & mask.cpu()).sum())


def _checked(mask: Tensor, queries: int, keys: int) -> Tensor:
    if mask.shape != (queries, keys):
        raise InputError("mask", tuple(mask.shape), f"of shape ({queries}, {keys}), (queries, keys)")
    if mask.dtype != torch.bool:
        if not ((mask == 0) | (mask == 1)).all():
            raise InputError("mask", str(mask.dtype), "of zeros and ones",
                             "1 lets through and 0 hides; for scores with −∞ pass `scores == 0`")
        mask = mask == 1
    empty = (~mask.any(1)).nonzero()[:, 0].tolist()
    if empty:
        raise InputError("mask", f"row {empty[0]}", "such that every query looks at one key at least",
                         "let each position look at itself")
    return mask
