"""Bits per byte of the test text: by the model, by counts, by compressors, and by knowing nothing."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from genloom.autoregressive.scoring import held_out, score
from genloom.autoregressive.token_file import from_sequences
from genloom.autoregressive.windows import FixedWindows
from genloom.metrics.interval import mean_interval
from genloom.recipes.baselines_gpt import Baselines
from genloom.recipes.judge_gpt import bits, judge_bits, judge_losses
from genloom.report.figures import COLORS, canvas, styled
from genloom.report.numbers import fixed, near, number
from genloom.report.results import Figure, Result, Table
from genloom.studies.alice.work import exact, judged, model, models
from genloom.studies.context import Context

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def baselines(context: Context) -> Baselines:
    """What the model has to beat, on the same parts."""
    return context.once("baselines", lambda: model(context).experiment.baselines)


def ways(context: Context) -> list[tuple[str, float]]:
    """Bits per byte of the test text by everything, least first."""
    found, mine = baselines(context), judged(context, model(context))
    rows = [("this model, windows that overlap", bits(mine.strided)), ("this model", bits(mine.test)),
            ("each token as likely", uniform(context))]
    rows += [(f"Kneser–Ney, {each.order}-grams of {what}", each.bits)
             for what, each in (("bytes", found.bytes), ("its tokens", found.tokens)) if each is not None]
    rows += [(f"{each.name} after the training text", each.after) for each in found.compressed]
    rows += [(f"{each.name} alone", each.alone) for each in found.compressed]
    return sorted(rows, key=lambda row: row[1])


def uniform(context: Context) -> float:
    """Bits per byte where each token is as likely: log2 V · tokens / bytes."""
    test = judged(context, model(context)).test
    return math.log2(model(context).tokenizer.vocabulary) * test.tokens / test.bytes


def bits_results(context: Context) -> list[Result]:
    """The model beside the best baseline, over the seeds where there are several, and the same number otherwise."""
    found, made = baselines(context), model(context)
    mine = judged(context, made)
    return [*judge_bits(mine, found), *judge_losses(mine, found)[:1], *_seeds(context, found.best), _again(context)]


def _seeds(context: Context, best: tuple[float, str]) -> list[Result]:
    """The mean over the seeds with Student's interval."""
    every = models(context)
    if len(every) < 2:
        return []
    seeds = tuple(made.recipe.engine.seed for made in every)
    rows = []
    for name, values in (("", [bits(judged(context, made).test) for made in every]),
                         (", windows that overlap", [bits(judged(context, made).strided) for made in every])):
        found = mean_interval(values)
        rows.append(Result(name=f"bits per byte of the test text{name}: mean over seeds", value=found.value,
                           unit="bits", known=best[0], known_name=best[1], interval=(found.low, found.high), n=found.n,
                           seeds=seeds))
    return rows


def _again(context: Context) -> Result:
    """The first window of the test text, scored token by token in float64."""
    made, gpt = model(context), exact(context)
    context_size = made.recipe.network.context
    first = next(each for each in made.experiment.test.stretches if len(each) > 1)[: context_size + 1].tolist()
    window = FixedWindows(from_sequences([first], made.tokenizer), context_size)
    value = held_out(made.gpt, window)
    known = -score(gpt, first[1:], first[:1]).total / (len(first) - 1)
    return near(Result(name="loss on the first window of the test text", value=value.loss, unit="nats per token",
                       known=known, known_name="token by token in float64, on its own path", n=value.tokens), 1e-3)


def said(context: Context) -> str:
    """What the model is, and where it stands."""
    made, rows = model(context), ways(context)
    mine, best = judged(context, made), baselines(context).best
    shape, values = made.recipe.network, dict(rows)
    gain = best[0] - values["this model, windows that overlap"]
    how = f"{fixed(gain, 3)} bits fewer than" if gain > 0 else f"{fixed(-gain, 3)} bits more than"
    several = "" if len(models(context)) > 1 else (" One seed was trained: a second one differs, and `--seed` trains "
                                                   "it; the gpu tier trains three.")
    return (f"{number(made.gpt.parameters_count)} parameters, the tied head counted once; {shape.blocks} blocks, "
            f"{shape.heads} heads, width {shape.width}, context {shape.context}. The test text costs "
            f"{values['this model']:.3f} bits a byte in windows side by side, where a token sees "
            f"{(shape.context - 1) / 2:g} tokens before it on average, and "
            f"{values['this model, windows that overlap']:.3f} in windows {mine.stride} apart, where it sees at least "
            f"{shape.context - mine.stride}: {how} the best that needs no network, {best[1]}, {best[0]:.3f}. That "
            f"one's order was chosen on the validation text, as the checkpoint was.{several}")


def table(context: Context) -> Table:
    """All of them, with what each sees."""
    made, none = model(context), 8.0
    shape = made.recipe.network
    rows = [(name, f"{value:.4f}", f"{none / value:.2f}", _sees(name, shape.context, judged(context, made).stride))
            for name, value in ways(context)]
    for each in models(context)[1:]:
        mine = judged(context, each)
        rows.append((f"seed {each.recipe.engine.seed}, windows that overlap", f"{bits(mine.strided):.4f}",
                     f"{none / bits(mine.strided):.2f}", ""))
    return Table(header=("by", "bits a byte", "times smaller than the text", "sees"), rows=tuple(rows),
                 caption=f"The {judged(context, made).test.bytes:,} bytes of test text that are predicted, after the "
                         "same training text.")


def _sees(name: str, size: int, stride: int) -> str:
    if name.startswith("this model,"):
        return f"{size - stride} to {size} tokens"
    if name == "this model":
        return f"1 to {size} tokens"
    if name.startswith("Kneser"):
        return f"{int(name.partition(', ')[2].partition('-')[0]) - 1} before it"
    return {"gzip": "32 kB", "bz2": "900 kB", "xz": "64 MB"}.get(name.partition(" ")[0], "nothing")


def figure(context: Context) -> Figure:
    """Bars of all of them."""
    rows = ways(context)
    drawn, (axes,) = canvas(7.6, 0.6 + 0.31 * len(rows))
    _draw(axes, rows)
    return context.figure(drawn, "bits", run=model(context).trained,
                          caption="Bits per byte of the same test text: less is better.",
                          alt="; ".join(f"{name} {value:.3f}" for name, value in rows))


@styled()
def _draw(axes: "Axes", rows: Sequence[tuple[str, float]]) -> None:
    colors = [COLORS[1] if name.startswith("this model") else COLORS[5] for name, _ in rows]
    bars = axes.barh(range(len(rows)), [value for _, value in rows], color=colors)
    axes.bar_label(bars, [fixed(value, 3) for _, value in rows], padding=3, fontsize=8)
    axes.set_yticks(range(len(rows)), [name for name, _ in rows])
    axes.invert_yaxis()
    axes.set(xlabel="bits per byte", xlim=(0, 1.15 * max(value for _, value in rows)))
    axes.grid(visible=False, axis="y")
