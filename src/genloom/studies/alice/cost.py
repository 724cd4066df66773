"""What a longer context costs: seconds of a training step, and of a token with kept keys and values and without."""

import math
import statistics
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import torch

from genloom import machine
from genloom.autoregressive.choice import Choice
from genloom.autoregressive.generation import decoding_threads, generate
from genloom.nn.gpt import GPT, GPTShape
from genloom.recipes.build_gpt import make_gpt
from genloom.report.figures import COLORS, MARKERS, canvas, styled
from genloom.report.numbers import at_least, fixed, near, number
from genloom.report.results import Figure, Result, Table
from genloom.rng import generator
from genloom.studies.alice.work import experiment, sizes
from genloom.studies.context import Context
from genloom.studies.study import Answer, deliverable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_CACHED, _UNCACHED = 12, 4  # tokens that are timed, of which the first pays for the prompt
_STEPS = 2
_NEAR = 0.35  # of an exponent: the machine does more than multiply
_GAIN = 4.0


class Cost(NamedTuple):
    """Seconds at one context.

    step       of a training step of the same number of tokens
    kept, anew   of one more token after a full context, with keys and values kept and without
    wrong      tokens in which the two differ
    """

    context: int
    step: float
    kept: float
    anew: float
    wrong: int


@deliverable("cost", "What context costs",
             question="How do a training step and a generated token grow with the context?")
def cost(context: Context) -> Answer:
    """Times of contexts of many lengths, the exponents, and what counting multiplications says of them."""
    found = context.once("cost", partial(_all, context))
    shape, here = experiment(context).network.shape, machine.environment()
    ends, times = (found[0].context, found[-1].context), found[-1].anew / max(found[-1].kept, 1e-9)
    slopes = {name: exponent(found, name) for name in ("step", "kept", "anew")}
    return Answer(
        text=(
            f"The recipe's network, {shape.blocks} blocks of width {shape.width}, with contexts of {ends[0]} to "
            f"{ends[1]:,} tokens, measured on {here['device']} with {here['threads']} threads while this report was "
            f"made; other programs that ran at the time are in these numbers. A training step has "
            f"{sizes(context).tokens:,} tokens at each context, so that what grows is attention alone.",
            f"One more token after a full context costs {number(1000 * found[-1].kept, 3)} ms with keys and values "
            f"kept and {number(1000 * found[-1].anew, 3)} ms without at {ends[1]:,} tokens, "
            f"{number(times, 3)} times as much. Without them all tokens are computed again for each new one: the cost "
            f"grows as the context to the power of {fixed(slopes['anew'], 2)}. With them one token is computed, which "
            f"looks at all others: the power is {fixed(slopes['kept'], 2)}. A training step of equal size grows to the "
            f"power of {fixed(slopes['step'], 2)}: each of its tokens looks at more others.",
        ),
        figures=(_figure(context, found),), tables=(_table(found, shape),),
        results=(
            near(Result(name="tokens that differ with keys and values kept and without",
                        value=sum(each.wrong for each in found), known=0, known_name="the same network",
                        n=_UNCACHED * len(found)), 0),
            near(Result(name="exponent of a token without kept keys", value=slopes["anew"],
                        known=expected(shape, ends), known_name="counted multiplications", n=len(found)), _NEAR),
            at_least(Result(name=f"times that kept keys are faster at {ends[1]:,} tokens", value=times,
                            known=multiplications(shape, ends[1], kept=False) / multiplications(shape, ends[1]),
                            known_name="counted multiplications"), _GAIN if ends[1] >= 1024 else 1.0),
            Result(name="exponent of a token with kept keys", value=slopes["kept"],
                   known=_counted_slope(shape, ends), known_name="counted multiplications", n=len(found)),
            Result(name="exponent of a training step of equal size", value=slopes["step"], known=0.0,
                   known_name="no attention", n=len(found)),
        ),
        formula="cost of a token: N + 2 · blocks · L · D kept,   L · (N + blocks · L · D) without",
        source="Kaplan et al. 2020, section 2.1; Pope et al. 2022",
    )


def multiplications(shape: GPTShape, length: int, *, kept: bool = True) -> float:
    """Of one more token after `length` − 1 others; the head is computed for the last one alone."""
    blocks = shape.blocks * (4 + 2 * shape.expansion) * shape.width**2
    head = shape.vocabulary * shape.width
    looked = 2 * shape.blocks * length * shape.width
    return blocks + looked + head if kept else length * (blocks + looked / 2) + head


def expected(shape: GPTShape, ends: tuple[int, int]) -> float:
    """The exponent of a token without kept keys between two contexts, by counting."""
    low, high = (multiplications(shape, length, kept=False) for length in ends)
    return math.log(high / low) / math.log(ends[1] / ends[0])


def _counted_slope(shape: GPTShape, ends: tuple[int, int]) -> float:
    low, high = (multiplications(shape, length) for length in ends)
    return math.log(high / low) / math.log(ends[1] / ends[0])


def exponent(found: Sequence[Cost], name: str) -> float:
    """The slope of log seconds over log tokens, by least squares."""
    x = [math.log(each.context) for each in found]
    y = [math.log(max(getattr(each, name), 1e-9)) for each in found]
    return statistics.linear_regression(x, y).slope


def _all(context: Context) -> list[Cost]:
    base = experiment(context).recipe
    found = []
    for length in sizes(context).contexts:
        context.screen.say(f"timing a context of {length} tokens")
        gpt = make_gpt(replace(base, network=replace(base.network, context=length, dropout=0.0)),
                       experiment(context).tokenizer.vocabulary)
        gpt.to("cuda" if torch.cuda.is_available() else "cpu")
        found.append(measured(gpt, sizes(context).tokens, context.seed))
    return found


def measured(gpt: GPT, tokens: int, seed: int) -> Cost:
    """Times of one network, which knows nothing: what it computes costs as much."""
    length, device = gpt.shape.context, gpt.token_table.weight.device
    rows = max(1, tokens // length)
    batch = torch.randint(gpt.shape.vocabulary, (rows, length + 1), generator=generator(seed, length)).to(device)
    step = min(_clock(partial(_step, gpt, batch)) for _ in range(_STEPS + 1))
    kept, _ = _token(gpt.eval(), batch[:1], _CACHED, cached=True)
    _, said = _token(gpt, batch[:1], _UNCACHED, cached=True)
    anew, again = _token(gpt, batch[:1], _UNCACHED, cached=False)
    wrong = sum(a != b for a, b in zip(said, again, strict=True))
    return Cost(length, step, kept, anew, wrong)


def _step(gpt: GPT, batch: torch.Tensor) -> None:
    gpt.train()
    loss = gpt(batch[:, :-1], targets=batch[:, 1:])
    gpt.zero_grad()
    loss.backward()


def _clock(work: "partial[None]") -> float:
    begun = time.perf_counter()
    work()
    _wait()
    return time.perf_counter() - begun


def _token(gpt: GPT, text: torch.Tensor, count: int, *, cached: bool) -> tuple[float, list[int]]:
    """Median seconds of a token when the context is all but full, and the tokens."""
    count = min(count, gpt.shape.context - 1)
    prompt = text[:, : gpt.shape.context + 1 - count]
    seconds, said = [], []
    with machine.threads(decoding_threads(gpt, 1) if cached else torch.get_num_threads()):
        begun = time.perf_counter()
        for step in generate(gpt, prompt, count=count, choice=Choice(temperature=0), past="refuse", cached=cached):
            said.append(int(step.tokens[0]))
            _wait()
            seconds.append(time.perf_counter() - begun)
            begun = time.perf_counter()
    return statistics.median(seconds[1:] or seconds), said


def _wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def _table(found: Sequence[Cost], shape: GPTShape) -> Table:
    rows = tuple((f"{each.context:,}", number(1000 * each.step, 3), number(1000 * each.kept, 3),
                  number(1000 * each.anew, 3), number(each.anew / max(each.kept, 1e-9), 3),
                  number(multiplications(shape, each.context) / 1e6, 3),
                  number(multiplications(shape, each.context, kept=False) / 1e6, 3)) for each in found)
    return Table(header=("context", "training step, ms", "a token, kept, ms", "a token, without, ms", "times",
                         "multiplications, kept, millions", "without, millions"), rows=rows,
                 caption="Seconds here and now, and multiplications counted.")


def _figure(context: Context, found: Sequence[Cost]) -> Figure:
    figure, (axes,) = canvas(7.2, 3.8)
    _draw(axes, found)
    return context.figure(figure, "cost", caption="Milliseconds against the context: a training step of equal size, "
                                                  "and a token after a full context.",
                          alt="; ".join(f"{each.context} tokens: step {1000 * each.step:.1f} ms, token kept "
                                        f"{1000 * each.kept:.2f}, without {1000 * each.anew:.2f}" for each in found))


@styled()
def _draw(axes: "Axes", found: Sequence[Cost]) -> None:
    x = [each.context for each in found]
    for k, (name, label) in enumerate((("step", "training step"), ("anew", "a token, without"),
                                       ("kept", "a token, kept"))):
        axes.loglog(x, [1000 * getattr(each, name) for each in found], color=COLORS[k], marker=MARKERS[k],
                    label=f"{label}: power {fixed(exponent(found, name), 2)}")
    axes.set_xticks(x, [f"{each:,}" for each in x], minor=False)
    axes.minorticks_off()
    axes.set(xlabel="context, tokens", ylabel="ms")
    axes.legend()
