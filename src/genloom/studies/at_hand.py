"""What a study can learn from: the real data where they are, else others that everybody has; never in silence."""

from pathlib import Path
from typing import Literal, NamedTuple

from genloom.data.images.images import digits_at_hand
from genloom.data.store import locate
from genloom.data.text.corpus import read_corpus
from genloom.errors import GenloomError
from genloom.recipes.images import Data


class AtHand(NamedTuple):
    """Pictures to study, and the sentence of the report that names them."""

    data: Data
    said: str


def cats(data_root: Path | None, size: int = 32) -> AtHand:
    """The 2,000 cats, or drawn shapes where they are not there."""
    try:
        locate("cats64", data_root)
    except GenloomError:
        return AtHand(Data(source="shapes", size=size),
                      "coloured shapes drawn by genloom: THE CATS ARE NOT AT HAND (`genloom data cats64` says how to "
                      "get them; pass --data-root DIR)")
    return AtHand(Data(source="cats64", size=size), "cats64: 2,000 photographs of cats, mostly faces, 64 × 64, reduced "
                  f"to {size} × {size} (AnnikaV9/cat-dataset, MIT; it does not settle the rights in each photograph)")


def features(data_root: Path | None) -> Literal["auto", "inception"]:
    """What a Fréchet distance is taken in: the FID's network where its weights are, else what the pictures allow."""
    try:
        locate("inception", data_root)
    except GenloomError:
        return "auto"
    return "inception"


def digits(data_root: Path | None, size: int = 32) -> AtHand:
    """MNIST, or scikit-learn's 1,797 digits where it cannot be had."""
    source, why = digits_at_hand(data_root)
    data = Data(source=source, size=size, channels=1, zoom=1.0, flip=False)
    if source == "mnist":
        enlarged = "" if size == 28 else f", enlarged to {size} × {size}"
        return AtHand(data, f"MNIST: 70,000 handwritten digits, 28 × 28{enlarged}")
    return AtHand(data, f"scikit-learn's 1,797 digits, 8 × 8, enlarged to {size} × {size}: MNIST IS NOT AT HAND, and "
                        f"this is why they are taken: {why}")


SCENES = 5000
"""Rendered scenes where i-CLEVR is not at hand: 15,000 pictures, about as many as i-CLEVR leaves for training."""


def iclevr(data_root: Path | None, size: int = 64) -> AtHand:
    """The 18,009 pictures of i-CLEVR, or as many of scenes that are rendered here."""
    try:
        locate("iclevr", data_root)
        locate("iclevr-images", data_root)
    except GenloomError:
        return AtHand(Data(source="scenes", size=size, zoom=1.0, flip=False, scenes=SCENES),
                      f"{SCENES:,} scenes of one to three solids, rendered by genloom with the camera, lamps and "
                      "colours of i-CLEVR: I-CLEVR ITSELF IS NOT AT HAND (`genloom data iclevr-images` says how to get "
                      "it; pass --data-root DIR)")
    return AtHand(Data(source="iclevr", size=size, zoom=1.0, flip=False),
                  f"i-CLEVR: 18,009 rendered pictures of one to three solids, {size} × {size}, with the course's label "
                  "files (GeNeVA, Microsoft Research; the copied pictures state no licence: for study)")


class Text(NamedTuple):
    """A text to study, as `recipes.gpt.Data.text` has it, and the sentence of the report that names it."""

    text: str
    said: str


def text(data_root: Path | None, chosen: str = "") -> Text:
    """The chosen text; without one Alice, or the documentation inside Python where Alice is not there.

    Errors: those of `read_corpus` for the chosen one.
    """
    try:
        locate("alice", data_root)
        there = True
    except GenloomError:
        there = False
    name = chosen or ("alice" if there else "python-docs")
    corpus = read_corpus(name, data_root)
    missing = "" if chosen or there else (": ALICE'S ADVENTURES IN WONDERLAND ARE NOT AT HAND (`genloom data alice` "
                                          "says how to get them; pass --data-root DIR)")
    return Text(name, f"{corpus.description}, sha256 {corpus.digest[:12]}{missing}")
