"""How a candidate takes a mask, and whether it uses it as it should."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from genloom.forecasting.attention import faults
from genloom.forecasting.attention.candidate import Way
from genloom.forecasting.attention.faults import Fault, Spec
from genloom.forecasting.attention.probes import LENGTH, SAME, Array, Attempt, Probe, make_probe, wide

UNKNOWN = Fault("with a mask it differs from attention, and from every known mistake",
                "hide scores with -inf before the softmax")


def check_mask(best: Attempt) -> tuple[str, list[Fault], float]:
    """How the mask was passed, what is wrong with its use, and the error under it."""
    if not best.way.takes:
        return "it takes none", [], 0.0
    told = []
    for how, passed in _forms(best.way):
        outs = [_tried(best, probe, passed) for probe in _masked_probes(best.way)]
        if all(out is not None for _, out in outs):
            told.append((how, *_recognised(best, [(probe, out) for probe, out in outs if out is not None])))
    if not told:
        return "it cannot be called with one", [], 0.0
    rights = [one for one in told if one[1] is not None and one[1].mask == faults.RIGHT]
    how, spec, error = rights[0] if rights and told[0][1] not in _firm(best.spec) else told[0]
    if spec is None:  # what a mask does to attention that is wrong without one may be anything
        return how, [] if best.spec.faults else [UNKNOWN], error
    return how, [faults.MASKS[spec.mask]] if spec.mask != faults.RIGHT else [], error


def _firm(spec: Spec) -> tuple[Spec, ...]:
    """Uses of a mask of truth values that are a mistake, even if a mask of another form happens to come out right."""
    return tuple(one for one in faults.masked(spec) if one.mask in ("inverted", "transposed", "strict", "ahead"))


def _masked_probes(way: Way) -> Iterator[Probe]:
    causal = np.tril(np.ones((LENGTH, LENGTH), dtype=bool))
    yield make_probe(way, LENGTH, LENGTH, mask=causal)
    if way.takes == "mask":
        some = np.random.default_rng(3).random((LENGTH, LENGTH)) < 0.5
        yield make_probe(way, LENGTH, LENGTH, mask=some | np.eye(LENGTH, dtype=bool))


def _forms(way: Way) -> Iterator[tuple[str, Callable[[Array], Array | bool]]]:
    """The ways to pass a mask: its values and its shape."""
    if way.takes == "causal":
        yield "a switch for causality", lambda mask: True
        return
    sizes = {"B": 2, "H": way.heads, "L": LENGTH, "1": 1, "B·H": 2 * way.heads}
    said = "True hides, as torch.nn.MultiheadAttention has it" if way.hides else "True where a query may look"
    for added, values in ((False, f"truth values, {said}"), (True, "0 or −∞, added to the scores")):
        for words in ("L, L", "1, 1, L, L", "B, 1, L, L", "B, H, L, L", "B, L, L", "B·H, L, L"):
            shape = tuple(sizes[word] for word in words.split(", "))
            yield f"({words}): {values}", partial(_filled, shape=shape, added=added, hides=way.hides)


def _filled(mask: Array, *, shape: tuple[int, ...], added: bool, hides: bool) -> Array:
    values = np.where(mask, 0, -np.inf).astype(np.float32) if added else mask != hides
    return np.broadcast_to(values, shape).copy()


def _tried(best: Attempt, probe: Probe, passed: Callable[[Array], Array | bool]) -> tuple[Probe, Array | None]:
    try:
        return probe, best.call(probe, passed(np.asarray(probe.mask)))
    except Exception:  # another form may be the one that is meant
        return probe, None


def _recognised(best: Attempt, outs: list[tuple[Probe, Array]]) -> tuple[Spec | None, float]:
    """The use of the mask that gives what was found, with its error; None for no known one."""
    right = max(faults.error(out, faults.variant(*wide(probe), probe.mask, Spec())) for probe, out in outs)
    for spec in faults.masked(best.spec):
        error = max(_mask_error(out, probe, spec) for probe, out in outs)
        if error < max(SAME, 3 * best.error):
            return spec, right
    return None, right


def _mask_error(out: Array, probe: Probe, spec: Spec) -> float:
    assert probe.mask is not None
    expected = faults.variant(*wide(probe), probe.mask, spec)
    if spec.mask == "after" and np.isfinite(out).all():
        # whatever number was added after the softmax, the part it adds has this direction
        unit = faults.free_part(*wide(probe), probe.mask, spec)
        expected = expected + unit * float(((out - expected) * unit).sum() / (unit * unit).sum())
    return faults.error(out, expected)
