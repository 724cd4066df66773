"""Rules between the fields of adversarial recipes; free of torch."""

import math
from collections.abc import Iterator
from dataclasses import MISSING, fields
from typing import Any

from genloom.errors import InputError
from genloom.nn.gan.pairs import PAIRS

_WITHOUT_NORMS = ("mlp", "tables", "progressive")  # pairs whose generator cannot be told through norms
_OWN_WIDTHS = ("mlp", "course", "tables")
_WIDTH = 64
_QUARTERED = {"course": 16, "tables": 12}  # pairs for multiples of 4 pixels, and the least of them
_DOUBLED = ("dcgan", "residual", "progressive")  # pairs for 8, 16, 32, … pixels


def critic_relations(recipe: Any) -> Iterator[InputError]:
    """Without a bound on its slope a critic's loss has no least value."""
    penalised = recipe.penalty.kind != "none" and recipe.penalty.weight > 0
    bounded = recipe.loss.clip > 0 or penalised or recipe.network.spectral != "none"
    if recipe.loss.adversarial == "wasserstein" and not bounded:
        yield InputError("loss.adversarial", "wasserstein", "beside something that bounds the critic's slope",
                         "pass --penalty.kind unit-slope (WGAN-GP), or --loss.clip 0.01 (WGAN)")


def game_relations(recipe: Any) -> Iterator[InputError]:
    """Codes are none or several, both sides are told or neither is, and a batch is one that norms can be taken of."""
    yield from _batches(recipe)
    yield from _told(recipe)
    if recipe.latent.categories == 1:
        yield InputError("latent.categories", 1, "0, or at least 2", "pass --latent.categories 0")


def idle_relations(recipe: Any) -> Iterator[InputError]:
    """What was changed has an effect: a weight of something that the game does not have is a mistake."""
    loss, penalty, latent, own = recipe.loss, recipe.penalty, recipe.latent, _own(recipe, "penalty")
    if loss.labels != 1 and "auxiliary" not in recipe.network.judging:
        yield InputError("loss.labels", loss.labels, "left out where no discriminator tells the class: network.judging "
                         f"is {recipe.network.judging}", "pass --network.judging auxiliary")
    if loss.code != 1 and not latent.categories and not latent.values:
        yield InputError("loss.code", loss.code, "left out where there is no code to read",
                         "pass --latent.categories 10, or --latent.values 2")
    for name in ("weight", "every"):
        value, plain = getattr(penalty, name), getattr(type(penalty)(), name)
        if penalty.kind == "none" and value not in (plain, getattr(own, name)):
            yield InputError(f"penalty.{name}", value, "left out where penalty.kind is none",
                             f"pass --penalty.kind r1, or --penalty.{name} {plain:g}")


def augment_relations(recipe: Any) -> Iterator[InputError]:
    """Each change of pictures is named once."""
    policy = recipe.augment.policy
    if len(set(policy)) < len(policy):
        yield InputError("augment.policy", policy, "different changes, each at most once",
                         f"pass --augment.policy {' '.join(dict.fromkeys(policy))}")


def pair_relations(recipe: Any) -> Iterator[InputError]:
    """What has a place in the chosen pair of networks for pictures."""
    network, kind = recipe.network, recipe.network.kind
    leave = "leave it out, or take another --network.kind"
    if PAIRS[kind].normed and network.norm == "batch" and recipe.penalty.kind != "none":
        yield InputError("network.norm", "batch", f"none beside the penalty {recipe.penalty.kind}, which is of each "
                         "picture's own gradient: batch norm mixes them", "pass --network.norm none")
    if network.attention and any(network.attention) and kind != "residual":
        yield InputError("network.attention", network.attention, f"left out: the pair {kind!r} has no attention",
                         "pass --network.kind residual")
    if network.spectral != "none" and kind == "progressive":
        yield InputError("network.spectral", network.spectral, f"none for the pair {kind!r}, whose weights are "
                         "equalised", leave)
    if network.told == "norm" and kind in _WITHOUT_NORMS:
        yield InputError("network.told", "norm", f"concatenate or multiply: the generator of the pair {kind!r} has no "
                         "norms", "pass --network.told concatenate")
    if network.width != _WIDTH and kind in _OWN_WIDTHS:
        yield InputError("network.width", network.width, f"left out: the pair {kind!r} has widths of its own", leave)
    yield from _sizes(recipe)


def _sizes(recipe: Any) -> Iterator[InputError]:
    """Pictures halve to what the pair starts from, and residual networks attend at sizes on that way."""
    kind, size = recipe.network.kind, recipe.data.size
    least = _QUARTERED.get(kind, 0)
    if least and (size % 4 or size < least):
        yield InputError("data.size", size, f"a multiple of 4, at least {least}, for the pair {kind!r}",
                         f"pass --data.size {max(least, 4 * round(size / 4))}")
    if kind in _DOUBLED and size.bit_count() != 1:
        yield InputError("data.size", size, f"8, 16, 32, 64, … pixels for the pair {kind!r}",
                         f"pass --data.size {1 << round(math.log2(size))}")
    elif kind == "residual":
        allowed = [1 << level for level in range(2, size.bit_length() - 1)]
        if any(each not in (0, *allowed) for each in recipe.network.attention):
            yield InputError("network.attention", recipe.network.attention, f"among {', '.join(map(str, allowed))} "
                             f"pixels for pictures of {size}", f"pass --network.attention {allowed[-1]}")


def _batches(recipe: Any) -> Iterator[InputError]:
    """Batch norm needs two samples, and what is shared out among critic steps is one batch each."""
    engine = recipe.engine
    parts = engine.accumulate * engine.devices * engine.nodes
    if engine.batch_size and engine.batch_size < 2 * parts and engine.batch_size % parts == 0:
        yield InputError("engine.batch_size", engine.batch_size,
                         f"at least 2 for each of accumulate × devices × nodes = {parts}",
                         f"pass --engine.batch-size {32 * parts}")


def _own(recipe: Any, part: str) -> Any:
    """The part as recipes of this class have it from the start."""
    made = next(field.default_factory for field in fields(recipe) if field.name == part)
    assert made is not MISSING
    return made()


def _told(recipe: Any) -> Iterator[InputError]:
    """A generator that is told a class learns nothing of it from a judge who is not, nor the other way round."""
    told, judging = recipe.network.told, recipe.network.judging
    if told != "none" and judging == "none":
        yield InputError("network.judging", judging, f"another one beside network.told = {told}: nothing would say "
                         "whether a sample is of its class", "pass --network.judging projection")
    if told == "none" and judging != "none":
        yield InputError("network.told", told, f"another one beside network.judging = {judging}: the generator would "
                         "not know what is asked for", "pass --network.told concatenate")
