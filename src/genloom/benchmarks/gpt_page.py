"""What `genloom bench gpt` says: ratios beside their goals, equal losses and equal texts, and growth."""

from collections.abc import Sequence
from statistics import linear_regression
from typing import TYPE_CHECKING, Any

from genloom.benchmarks.gpt import (
    BATCH,
    BLOCKS,
    CONTEXT,
    HEADS,
    SEED,
    VOCABULARY,
    WIDTH,
    Grown,
    Setting,
    Trained,
    Wrote,
)
from genloom.benchmarks.sides import Best

if TYPE_CHECKING:
    from genloom.report.results import Item, Page, Result, Table

TRAIN_GOAL, WRITE_GOAL = 1.3, 2.0
EQUAL = 1e-3
"""Nats by which losses in float32 may differ at any step: the order of sums differs, and each step acts on the last."""
_HOW = "median over pairs of processes; in brackets the smallest and largest ratio"
_PEERS = {"transformers": "transformers' GPT2LMHeadModel", "layers": "torch's own Transformer layers in a plain loop",
          "plain loop": "the plain loop in fp32, eager, AdamW not fused",
          "transformers, allocator set": "transformers with genloom's allocator settings"}
_GOALS = ("transformers", "layers")


def page(trained: Sequence[Trained], wrote: Wrote, grown: Sequence[Grown], pairs: int) -> "Page":
    """The page of what was measured."""
    from genloom import machine
    from genloom.report.results import Page

    about, some = machine.environment(), next(iter(trained[0].best["genloom"].tried.values()))
    network = f"GPT-2's: {BLOCKS} blocks, {HEADS} heads, {WIDTH} wide, {VOCABULARY} tokens, context {CONTEXT}"
    facts = (("network", network), ("batch", f"{BATCH} windows, {some['tokens']:.0f} tokens"),
             ("data", f"a chain of tokens of {some['entropy']:.3f} nats each: what is measured is time, and that all "
                      "sides learn the same"),
             ("machine", f"{about['device']}, {about['cores']} cores"),
             ("versions", ", ".join(f"{name} {version}" for name, version in about["packages"].items())
              + f", transformers {_version()}"))
    items = (*(_training(one, pairs) for one in trained), _writing(wrote), _growth(grown))
    return Page(title="genloom bench gpt", kind="run", name="bench-gpt", facts=facts, items=items)


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("transformers")
    except PackageNotFoundError:
        return "of a source tree"


def _training(one: Trained, pairs: int) -> "Item":
    from genloom.report.numbers import at_least
    from genloom.report.results import Item, Result

    results = []
    for peer, found in one.against.items():
        result = Result(name=f"training, dropout {one.dropout:g}: time of {_PEERS[peer]} over genloom's",
                        value=found.ratio, interval=found.spread, n=len(found.pairs), seeds=(SEED,), unit="×",
                        known=TRAIN_GOAL if peer in _GOALS else None, formula=_HOW,
                        known_name="goal, at least" if peer in _GOALS else "")
        results.append(at_least(result, TRAIN_GOAL) if peer in _GOALS else result)
    for peer in _GOALS:
        found = one.against[peer]
        results.append(Result(name=f"training, dropout {one.dropout:g}: tokens per second by genloom, beside {peer}",
                              value=found.middle("ours", "rate"), known=found.middle("theirs", "rate"),
                              known_name=_PEERS[peer], n=len(found.pairs)))
    if one.dropout == 0:
        results += _equal(one)
    chosen = "; ".join(f"{_PEERS.get(side, side)} in {found.setting}" for side, found in one.best.items())
    text = (f"Best settings: {chosen}. All start from the same weights, which reach transformers by way of its own "
            "files, see the same batches, and follow the recipe `gpt`: AdamW whose decay leaves vectors out, a rate "
            "that rises and falls, gradients clipped. The peers' batches are cut before the clock runs; genloom's time "
            "has the engine in it, which prepares batches, finds what is not finite, logs and saves.",
            "The peers compute the logits and F.cross_entropy of them. minGPT and nanoGPT are no packages that can be "
            "installed, and are not run; torch's own layers in a plain loop are what such code is made of.")
    return Item(number=f"train-{one.dropout:g}", title=f"Training against transformers and a plain loop, dropout "
                f"{one.dropout:g}", text=text, results=tuple(results), tables=(_tried(one.best, "ms a step"),))


def _equal(one: Trained) -> "list[Result]":
    """Losses where the arithmetic is equal, and where each side has its best setting."""
    from genloom.report.numbers import near
    from genloom.report.results import Result

    results = []
    for peer in _GOALS:
        ours, theirs = _exact(one.best["genloom"]), _exact(one.best[peer])
        if ours is None or theirs is None:
            continue
        most = max(abs(a - b) for a, b in zip(ours["losses"], theirs["losses"], strict=True))
        results.append(near(Result(
            name=f"fp32: largest difference of a step's loss between genloom and {peer}", value=most, known=0.0,
            known_name="equal weights, batches and recipe", n=len(ours["losses"]), seeds=(SEED,), unit="nats"), EQUAL))
    ours, theirs = (one.best[side].tried[one.best[side].setting] for side in ("genloom", "transformers"))
    results.append(near(Result(
        name=f"best settings: genloom's loss, mean of the last {ours['last']} of {ours['steps']} steps",
        value=ours["loss"], known=theirs["loss"], known_name="transformers", unit="nats", seeds=(SEED,),
        n=ours["last"]), 0.02))
    return results


def _exact(best: Best[Setting]) -> dict[str, Any] | None:
    """What was answered in float32 without a compiler."""
    return next((answer for setting, answer in best.tried.items() if not (setting.bf16 or setting.compiled)), None)


def _writing(wrote: Wrote) -> "Item":
    from genloom.report.numbers import at_least, near
    from genloom.report.results import Item, Result

    first = wrote.plain.pairs[0]
    tokens = list(zip(first.ours["written"], first.theirs["written"], strict=True))
    length = len(tokens)
    ratio = Result(name=f"writing {length} tokens: time of transformers' generate with cache over genloom's",
                   value=wrote.plain.ratio, known=WRITE_GOAL, known_name="goal, at least", unit="×", formula=_HOW,
                   interval=wrote.plain.spread, n=len(wrote.plain.pairs), seeds=(SEED,))
    each = Result(name="milliseconds a token by genloom", unit="ms", n=len(wrote.plain.pairs),
                  value=wrote.plain.middle("ours", "seconds") / length * 1e3, known_name="transformers",
                  known=wrote.plain.middle("theirs", "seconds") / length * 1e3)
    same = near(Result(name="share of equal tokens", value=sum(a == b for a, b in tokens) / length, known=1.0,
                       known_name="the likeliest tokens of one function", n=length), 0.0)
    results, text = [at_least(ratio, WRITE_GOAL), each, same], [
        f"One text, greedy, both in float32: genloom on {wrote.best['genloom'].setting}, transformers' `generate` in "
        f"{wrote.best['transformers'].setting}. The network has wider matrices than at its start, so that the text "
        f"does not repeat itself: {len(set(first.ours['written']))} different tokens."]
    if wrote.compiled is not None:
        compiled = wrote.compiled
        results.append(Result(name="the same, transformers compiled, with a cache of one size", value=compiled.ratio,
                              interval=compiled.spread, n=len(compiled.pairs), unit="×", seeds=(SEED,), formula=_HOW))
        text.append(f"Compiled it takes {compiled.middle('theirs', 'first'):.0f} s before its first text; genloom "
                    "compiles nothing.")
    return Item(number="write", title="Writing against transformers", text=tuple(text), results=tuple(results),
                tables=(_tried(wrote.best, f"ms for {length} tokens"),))


def _growth(grown: Sequence[Grown]) -> "Item":
    from genloom.report.results import Item, Result, Table

    columns = list(grown[0].answers)
    rows = tuple((str(one.context), *(f"{_cost(one, key) * 1e3:.3g}" for key in columns)) for one in grown)
    table = Table(header=("context", *(f"{' '.join(key)}, ms a {_unit(key)}" for key in columns)), rows=rows,
                  caption="One process each, in the settings that are best at the usual context. Batches have the same "
                          "number of tokens; what is written are the last 16 tokens of the context.")
    results = tuple(Result(name=f"{' '.join(key)}: exponent of the cost of a {_unit(key)} over the context",
                           value=_exponent(grown, key), n=len(grown), formula="slope of log time over log context")
                    for key in columns if len(grown) > 1)
    memory = Table(header=("context", "training, peak MB, genloom", "transformers"),
                   rows=tuple((str(one.context), *(f"{one.answers['train', side]['memory_mb']:.0f}"
                                                   for side in ("genloom", "transformers"))) for one in grown))
    text = ("A network that sees the context once costs a token the products with its weights, which do not grow, and "
            "those with the tokens before it, which do. Without a cache a token costs the whole context.",)
    return Item(number="growth", title="Cost over the context", text=text, results=results, tables=(table, memory))


def _unit(key: tuple[str, str]) -> str:
    return "step" if key[0] == "train" else "token"


def _cost(one: Grown, key: tuple[str, str]) -> float:
    return float(one.answers[key]["seconds" if key[0] == "train" else "marginal"])


def _exponent(grown: Sequence[Grown], key: tuple[str, str]) -> float:
    from math import log

    return linear_regression([log(one.context) for one in grown],
                             [log(max(1e-9, _cost(one, key))) for one in grown]).slope


def _tried(best: dict[str, Best[Setting]], what: str) -> "Table":
    from genloom.report.results import Table

    rows = [(side, str(setting), f"{answer['seconds'] * 1e3:.1f}") for side, found in best.items()
            for setting, answer in found.tried.items()]
    rows += [(side, str(setting), f"not to be had: {reason[-160:]}") for side, found in best.items()
             for setting, reason in found.failed.items()]
    return Table(header=("side", "setting", what), rows=tuple(rows),
                 caption="One process for each setting; the fastest of each side is compared.")
