"""The losses over the steps: where the model begins, where it is best, and where it learns by heart."""

import math
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from genloom.autoregressive.scoring import HeldOut, held_out
from genloom.autoregressive.token_file import TokenFile, from_sequences
from genloom.nn.gpt import GPT
from genloom.recipes.build_gpt import NAME, GptExperiment, make_gpt
from genloom.recipes.judge_gpt import QUICK, bits
from genloom.report.figures import COLORS, canvas, styled
from genloom.report.numbers import fixed, near
from genloom.report.plots import known_line, running_mean
from genloom.report.results import Figure, Result, Table
from genloom.report.run_page import read_columns, read_losses
from genloom.studies.alice.work import Model, judged, model
from genloom.studies.context import Context
from genloom.training.checkpoint import Checkpoints, load_networks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST = 20_000  # training tokens that the gap is taken over
_START = 0.05  # nats
_SPREAD = 0.02
"""The spread of GPT-2's first weights."""


@dataclass(frozen=True)
class Curves:
    """What training wrote down.

    steps, losses     of training, with what is dropped out
    at, valid         the steps of the evaluations, and the loss on the whole validation text
    """

    steps: list[int]
    losses: list[float]
    at: list[int]
    valid: list[float]

    @property
    def best(self) -> int:
        """The step of the lowest validation loss, the first of equals."""
        return self.at[self.valid.index(min(self.valid))]

    @property
    def ended(self) -> int:
        """The last step that was made."""
        return max(self.steps[-1], self.at[-1])


def curves(run: Path) -> Curves:
    """Those of a run, or of a model that comes with genloom."""
    rows = read_columns(run / "evaluations.jsonl", ("step", QUICK))
    steps, losses = read_losses(run / "metrics.jsonl")
    return Curves(steps, losses, [round(step) for step in rows["step"]], rows[QUICK])


@dataclass(frozen=True)
class Stage:
    """The losses of one checkpoint, nothing dropped out."""

    name: str
    train: HeldOut
    valid: HeldOut
    test: HeldOut

    @property
    def gap(self) -> float:
        """Nats per token by which the validation text costs more than the training text."""
        return self.valid.loss - self.train.loss


def stages(context: Context) -> tuple[Stage, ...]:
    """Before training, at its best and at its end, where that is there."""
    return context.once("stages", partial(_stages, context))


def _stages(context: Context) -> tuple[Stage, ...]:
    made = model(context)
    found, some = made.experiment, trained_on(made.experiment)
    untaught = make_gpt(made.recipe, made.tokenizer.vocabulary).to(made.gpt.token_table.weight.device).eval()
    mine = judged(context, made)
    rows = [_stage("before training", untaught, found, some),
            Stage(f"best, step {made.trained.loaded.step}", _held(made.gpt, found, some), mine.valid, mine.test)]
    last = _last(made)
    return (*rows, *([_stage(f"last, step {last[0]}", last[1], found, some)] if last else []))


def _last(made: Model) -> tuple[int, GPT] | None:
    """The last checkpoint, where it is another than the best."""
    folder = made.trained.path / "checkpoints"
    step = Checkpoints(folder).last() if folder.is_dir() else None
    if step is None or step == made.trained.loaded.step:
        return None
    gpt = make_gpt(made.recipe, made.tokenizer.vocabulary).to(made.gpt.token_table.weight.device)
    load_networks(made.trained.path, {NAME: gpt}, step=step)
    return step, gpt


def _stage(name: str, gpt: GPT, found: GptExperiment, some: TokenFile) -> Stage:
    return Stage(name, *(_held(gpt, found, part) for part in (some, found.valid, found.test)))


def _held(gpt: GPT, found: GptExperiment, part: TokenFile) -> HeldOut:
    return held_out(gpt.eval(), found.fixed(part))


def trained_on(found: GptExperiment) -> TokenFile:
    """The beginning of each training stretch, as many tokens together as the gap is taken over."""
    room = max(2, _MOST // max(1, len(found.train.spans)))
    return from_sequences([each[:room].tolist() for each in found.train.stretches if len(each) > 1], found.tokenizer)


def curve_results(context: Context) -> list[Result]:
    """Where it begins, and whether the checkpoint that is judged is the one that validation chose."""
    made, each = model(context), stages(context)
    known = curves(made.trained.path)
    width, vocabulary = made.recipe.network.width, made.tokenizer.vocabulary
    start = math.log(vocabulary) + width * _SPREAD**2 / 2
    found = [
        near(Result(name="validation loss before training", value=each[0].valid.loss, unit="nats per token",
                    known=start, n=each[0].valid.tokens, formula="ln V + D σ²/2",
                    known_name="logits that are normal noise of variance D σ², D = "
                               f"{width} and σ = {_SPREAD:g}; ln V alone is {math.log(vocabulary):.4f}"), _START),
        near(Result(name="step of the checkpoint that is judged", value=made.trained.loaded.step, known=known.best,
                    known_name="the lowest validation loss of the log", n=len(known.at)), 0),
        near(Result(name="its validation loss, taken again", value=each[1].valid.loss, unit="nats per token",
                    known=min(known.valid), known_name="the log of the training", n=each[1].valid.tokens), 2e-3),
        Result(name="generalisation gap at the best step", value=each[1].gap, unit="nats per token", known=0.0,
               known_name="a model that has learned nothing by heart", n=each[1].train.tokens),
    ]
    if len(each) > 2:
        found.append(Result(name="generalisation gap at the last step", value=each[2].gap, unit="nats per token",
                            known=each[1].gap, known_name="the gap at the best step", n=each[2].train.tokens))
    return found


def said(context: Context) -> str:
    """Where memorising starts, in words."""
    made, each = model(context), stages(context)
    found, engine = curves(made.trained.path), made.recipe.engine
    low = f"{fixed(min(found.valid), 3)} nats a token at step {found.best}"
    if found.best >= found.ended:
        return (f"The validation loss fell to the last step, {low}: nothing was learned by heart at the cost of the "
                "language yet, and more steps may help.")
    then = (f"From there to step {found.ended} it rose to {fixed(found.valid[-1], 3)}" if found.valid[-1]
            > min(found.valid) else f"Up to step {found.ended} it got no lower")
    gaps = f"; the gap to the training text went from {fixed(each[1].gap, 3)} to {fixed(each[2].gap, 3)} nats" if len(
        each) > 2 else ""
    stop = (f"Training ended before its {engine.steps} steps, after {engine.patience} evaluations without a better "
            "one." if found.ended < engine.steps else f"Training went on for all of its {engine.steps} steps.")
    return (f"The validation loss was lowest, {low}: this checkpoint is judged, and the test text had no say in it. "
            f"{then}{gaps}: what is learned after the best step is the book by heart, and no more of the language. "
            f"{stop}")


def stages_table(context: Context) -> Table:
    """Losses of the three checkpoints on the three parts."""
    rows = tuple((each.name, *(f"{part.loss:.4f}" for part in (each.train, each.valid, each.test)),
                  f"{bits(each.valid):.4f}", f"{bits(each.test):.4f}", fixed(each.gap, 4)) for each in stages(context))
    return Table(header=("checkpoint", "training text, nats a token", "validation", "test",
                         "validation, bits a byte", "test, bits a byte", "gap, nats"), rows=rows,
                 caption=f"Losses in fixed windows with nothing dropped out; of the training text "
                         f"{stages(context)[0].train.tokens:,} tokens.")


def figure(context: Context, beside: tuple[float, str] | None) -> Figure:
    """Both losses over the steps, in nats a token and in bits a byte.

    beside   nats per token of a baseline, and its name
    """
    made, found = model(context), curves(model(context).trained.path)
    canvas_, (axes,) = canvas(8.0, 4.2)
    valid = judged(context, made).valid
    _draw(axes, found, math.log(made.tokenizer.vocabulary), beside, math.log(2) * valid.bytes / valid.tokens)
    return context.figure(canvas_, "losses", run=made.trained,
                          caption="The loss over the steps: in training, with dropout, and on the whole validation "
                                  "text in fixed windows without.",
                          alt=f"The training loss falls from {found.losses[0]:.2f} to {found.losses[-1]:.2f}; the "
                              f"validation loss is lowest, {min(found.valid):.3f}, at step {found.best} and "
                              f"{found.valid[-1]:.3f} at the end")


@styled()
def _draw(axes: "Axes", found: Curves, equal: float, beside: tuple[float, str] | None, bit: float) -> None:
    """With nats per token on the left, and on the right bits per byte, one of which is `bit` nats per token."""
    window = max(2, min(10, len(found.losses) // 20))
    axes.plot(found.steps, found.losses, color=COLORS[5], linewidth=0.7, alpha=0.5)
    axes.plot(found.steps, running_mean(found.losses, window), color=COLORS[0], label="training")
    axes.plot(found.at, found.valid, color=COLORS[1], marker="s", markersize=3, label="validation")
    axes.axvline(found.best, color=COLORS[7], linewidth=0.9, linestyle=":", label=f"best: step {found.best}")
    axes.axhline(equal, color=COLORS[5], linewidth=1, linestyle=":", label=f"ln V: {equal:.3f}")
    if beside is not None:
        known_line(axes, *beside)
    low = min(*found.losses, *found.valid, *(() if beside is None else beside[:1])) - 0.15
    axes.set(xlabel="step", ylabel="nats per token", ylim=(low, equal + 0.15))
    axes.legend(loc="upper right")
    right = axes.secondary_yaxis("right", functions=(lambda y: np.asarray(y) / bit, lambda y: np.asarray(y) * bit))
    right.set_ylabel("bits per byte of the validation text")
