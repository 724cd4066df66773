"""Rules between the fields of a forecaster's recipe; free of torch."""

from collections.abc import Callable, Iterator
from typing import Any

from genloom.errors import InputError, UnknownName

ATTENTIONS = ("full", "materialised", "local", "strided", "fixed", "logsparse", "performer", "linear", "probsparse",
              "probsparse-published", "autocorrelation", "autocorrelation-published")
"""The names of `genloom.forecasting.attention.kinds`, here because that one imports torch; a test holds them equal."""

CROSS = ("full", "materialised", "performer", "linear", "probsparse", "probsparse-published", "autocorrelation",
         "autocorrelation-published")
"""Those whose keys may be of another length than the queries, likewise."""

ANY_MASK = ("full", "materialised")
"""Those that take any mask, likewise."""

CLOSED_FORM = ("linear", "periodic")
"""Networks whose weights have a closed form."""

NOT_CAUSAL = ("autocorrelation",)
"""Those that cannot hide what comes later, likewise."""


def _border_relations(recipe: Any) -> Iterator[InputError]:
    data = recipe.data
    if data.valid + data.test >= 1:
        yield InputError("data.test", data.test, f"below 1 − data.valid = {1 - data.valid:g}, so that rows are left to "
                         "train", "pass --data.valid 0.1 --data.test 0.2")
    given = bool(data.valid_from), bool(data.test_from)
    if any(given) != all(given) or (data.borders == "dates" and not all(given)):
        name = "test_from" if given[0] else "valid_from"
        yield InputError(f"data.{name}", "", "a time where rows are shared out by dates",
                         f"pass --data.{name.replace('_', '-')} 2017-06-26")


def _width_relations(recipe: Any) -> Iterator[InputError]:
    network = recipe.network
    if network.kind in (*CLOSED_FORM, "dlinear"):
        return
    if network.width % network.heads:
        yield InputError("network.width", network.width, f"a multiple of network.heads = {network.heads}",
                         f"pass --network.width {-(-network.width // network.heads) * network.heads}")
    if network.kind == "transformer" and network.width % 2:
        yield InputError("network.width", network.width, "even, as positions are sines and cosines",
                         f"pass --network.width {network.width + 1}")


def _window_relations(recipe: Any) -> Iterator[InputError]:
    network, window = recipe.network, recipe.window
    if network.kind == "transformer" and window.label > window.lookback:
        yield InputError("window.label", window.label, f"at most window.lookback = {window.lookback}",
                         f"pass --window.label {max(1, window.lookback // 2)}")
    if network.kind == "patchtst" and not network.stride <= network.patch <= window.lookback:
        patch = min(16, window.lookback)
        yield InputError("network.patch", network.patch, f"at least network.stride = {network.stride} and at most "
                         f"window.lookback = {window.lookback}",
                         f"pass --network.patch {patch} --network.stride {max(1, patch // 2)}")


def _attention_relations(recipe: Any) -> Iterator[InputError]:
    network = recipe.network
    if network.attention not in ATTENTIONS:
        yield UnknownName("network.attention", network.attention, ATTENTIONS)
    if network.cross not in CROSS:
        yield UnknownName("network.cross", network.cross, CROSS)
    for name in ("mask", "encoder_mask") if network.kind == "transformer" else ():
        mask, flag = getattr(network, name), f"--network.{name.replace('_', '-')}"
        if mask in ("recent", "shuffled") and network.attention not in ANY_MASK:
            yield InputError(f"network.{name}", mask, f"none or causal for the attention {network.attention}, which "
                             "takes no other mask", "pass --network.attention full")
        if mask == "causal" and network.attention in NOT_CAUSAL:
            yield InputError(f"network.{name}", mask, f"none for the attention {network.attention}, which looks round "
                             "the ends", f"pass {flag} none")


def _head_relations(recipe: Any) -> Iterator[InputError]:
    network, levels = recipe.network, recipe.network.levels
    rising = all(a < b for a, b in zip((0.0, *levels), (*levels, 1.0), strict=True))
    if network.head == "quantiles" and (not rising or len(levels) % 2 == 0 or levels[len(levels) // 2] != 0.5):
        yield InputError("network.levels", levels, "an odd number of rising levels in (0, 1), 0.5 in the middle",
                         "pass --network.levels 0.1 0.5 0.9")
    if network.cycle == 1:
        yield InputError("network.cycle", 1, "0 for none, or at least 2 rows", "pass --network.cycle 24")
    if network.average % 2 == 0:
        yield InputError("network.average", network.average, "an odd number",
                         f"pass --network.average {network.average + 1}")


def _start_relations(recipe: Any) -> Iterator[InputError]:
    network = recipe.network
    own_units = network.normalise != "instance" and not network.affine
    if network.start == "ridge" and not (network.kind in CLOSED_FORM and own_units):
        yield InputError("network.start", "ridge", "own, but for a linear or periodic network on windows less their "
                         "last value or mean, whose squared error is that of the series", "pass --network.start own")
    if network.kind == "periodic" and not 2 <= network.cycle <= recipe.window.lookback:
        yield InputError("network.cycle", network.cycle, "from 2 to window.lookback = "
                         f"{recipe.window.lookback} for a periodic network", "pass --network.cycle 24")
    if not network.constants and (network.kind not in CLOSED_FORM or network.head != "point"):
        yield InputError("network.constants", False, "True, but for a linear or periodic network with a point as head",
                         "pass --network.constants")
    if network.cycle_start == "profile" and not (network.cycle and own_units):
        yield InputError("network.cycle_start", "profile", "zero, but for a cycle in the units of the series",
                         "pass --network.cycle 24 --network.normalise mean")
    if network.blend and (network.start != "ridge" or not 2 <= network.cycle <= recipe.window.lookback):
        yield InputError("network.blend", True, "False, but for a network that starts at ridge and a cycle that the "
                         "lookback has room for, as its weight is fitted before training", "pass --network.no-blend")


FORECASTER_RELATIONS: tuple[Callable[[Any], Iterator[InputError]], ...] = (
    _border_relations, _width_relations, _window_relations, _attention_relations, _head_relations, _start_relations)
"""Each yields an error for each rule that is broken."""
