"""Which series the study has: ETTh1 where it is, else the simulated transformer; never in silence."""

from pathlib import Path
from typing import NamedTuple

from genloom.data.store import locate
from genloom.errors import GenloomError
from genloom.recipes.forecaster import Data


class AtHand(NamedTuple):
    """A series to study, whether it is the measured one, and the sentence of the report that names it."""

    data: Data
    real: bool
    said: str


def at_hand(data_root: Path | None) -> AtHand:
    """ETTh1, or the simulation where it is not there."""
    try:
        locate("ett", data_root)
    except GenloomError:
        return AtHand(Data(source="transformer"), False,
                      "a simulated transformer (IEC 60076-7), two years of hours in ETT's format: ETTH1 IS NOT AT HAND "
                      "(`genloom data ett` says how to get it; pass --data-root DIR), so numbers published for it "
                      "stand beside nothing here")
    return AtHand(Data(source="etth1"), True,
                  "ETTh1: six loads and the oil temperature of a transformer, 17,420 hours from July 2016 on, shared "
                  "out as 12, 4 and 4 months (Zhou et al. 2021; CC BY-ND 4.0)")
