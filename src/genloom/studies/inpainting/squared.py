"""S3.6: the squared error of what is hidden, and what a network learns from it."""

from collections.abc import Mapping

import torch
from torch import Tensor

from genloom.data.images.augment import to_pictures
from genloom.gan.inpainting import hidden_error
from genloom.metrics.fills import harmonic_fill
from genloom.recipes.judge_inpainting import FILLS, hidden_psnr, judge_psnr, unseen
from genloom.recipes.show_inpainting import KINDS, shown
from genloom.report.figures import canvas
from genloom.report.grids import rows_figure
from genloom.report.numbers import at_most, near, number
from genloom.report.plots import loss_curve
from genloom.report.results import Figure, Result, Table
from genloom.studies.context import Context
from genloom.studies.inpainting.doors import ROOMS
from genloom.studies.inpainting.work import Completed, Rooms, completing, questions, rooms
from genloom.studies.study import Answer, deliverable
from genloom.studies.written.inpainting_loss import MASKED

_SHOWN = 8


@deliverable("S3.6", MASKED.title, question=f"{MASKED.statement} Train with it.")
def squared_error(context: Context) -> Answer:
    """The loss, its optimum where that is known, and a network beside fills that need no training."""
    run, there = completing(context, "inpaint-mse"), rooms(context)
    return Answer(
        derivation=MASKED.steps,
        text=_text(there),
        figures=(_doors(context, there), _loss(context, there), _pictures(context, run)),
        tables=(_table(run),),
        results=_results(context, run, there),
        formula="ℓ_mse(θ) = Σ_ij (1 − M_ij) (g_θ(M ⊙ x, M) − x)²_ij / Σ_ij (1 − M_ij),   M = 1 where known (m = 1 − M)",
        source=MASKED.source,
    )


def door_rows(there: Rooms, answers: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """One column for each room: what is known, some answers to it, and the two pictures that there are."""
    here, every = there.here, torch.arange(ROOMS)
    first = torch.stack([(there.room == k).nonzero()[0, 0] for k in every.tolist()])
    known = torch.where(here.mask == 1, there.truth[first], torch.zeros(()))
    rows = {"known": known} | {name: answer[first] for name, answer in answers.items()}
    rows["light door"] = here.picture(every, torch.ones(ROOMS))
    rows["dark door"] = here.picture(every, -torch.ones(ROOMS))
    return {name: to_pictures(x) for name, x in rows.items()}


def chances(there: Rooms) -> list[str]:
    """The columns of the rooms."""
    return [f"p = {p:.2f}" for p in there.here.chance.tolist()]


def _doors(context: Context, there: Rooms) -> Figure:
    answers = {"network": there.answers["inpaint-mse"], "E[x | known]": there.here.mean(there.room)}
    return context.figure(
        rows_figure(door_rows(there, answers), chances(there), cell=0.9), "doors-squared",
        caption="Each room's door is light with probability p. The network that was trained by the squared error gives "
                "the mean of both doors, which is neither of them.",
        alt="Five rows of eight rooms: with a grey hole; the network's doors, which go from darker to lighter than the "
            "wall; the exact means, which look the same; light doors; dark doors")


def _loss(context: Context, there: Rooms) -> Figure:
    figure, (axes,) = canvas(6.4, 3.2)
    errors = there.errors["inpaint-mse"]
    loss_curve(axes, list(range(1, len(errors) + 1)), errors, known=there.here.least, known_name="least possible",
               label="squared error of hidden pixels")
    return context.figure(
        figure, "doors-loss",
        caption="The loss on doors over the steps, beside the variance of the hidden pixels given the known ones, "
                "below which no network can come.",
        alt="A curve that falls to the dashed line of the least possible error within the training")


def _pictures(context: Context, run: Completed) -> Figure:
    asked = run.experiment.questions(_SHOWN)
    rows = {"known": shown(asked), "neighbours": to_pictures(harmonic_fill(*asked)),
            "network": to_pictures(run.experiment.complete(run.trained.networks, asked)), "truth": to_pictures(asked.x)}
    return context.figure(
        rows_figure(rows, cell=0.9), "completed-squared", run=run.trained,
        caption="Pictures that no training saw: what is known, the mean of the neighbours, the network, the truth.",
        alt="Four rows of eight pictures; the network's fills are smooth, with the coarse colours of what was there")


def _results(context: Context, run: Completed, there: Rooms) -> tuple[Result, ...]:
    found, least = there.score(there.answers["inpaint-mse"]), there.here.least
    asked = questions(context)
    completed = run.experiment.complete(run.trained.networks, asked)
    return (
        at_most(Result(name="doors: squared distance of the network from E[x | known], over the least error",
                       value=found.gap / least, known=0.0, known_name="exact conditional mean",
                       n=len(there.truth)), 0.02),
        near(Result(name="doors: squared error of hidden pixels", value=found.error, n=len(there.truth),
                    known=there.score(there.here.mean(there.room)).error,
                    known_name="exact conditional mean on the same pictures"), 0.05 * least),
        near(Result(name="gradient of the loss at known pixels", value=_outside(there), known=0.0,
                    known_name="multiplied by the mask", tolerance="exactly"), 0.0),
        unseen(run.experiment, run.trained.networks, asked),
        judge_psnr(completed, asked, "pictures: PSNR of hidden pixels"),
    )


def _outside(there: Rooms) -> float:
    """The largest gradient of the loss with respect to the answer where pixels are known."""
    answer = there.answers["inpaint-mse"].clone().requires_grad_()
    (gradient,) = torch.autograd.grad(hidden_error(answer, there.truth, there.mask).sum(), answer)
    return float((gradient * there.mask).abs().max())


def _table(run: Completed) -> Table:
    rows = []
    for kind in KINDS:
        asked = run.experiment.questions(kind=kind)
        answers = [fill(*asked).clamp(-1, 1) for fill in FILLS.values()]
        answers.append(run.experiment.complete(run.trained.networks, asked))
        rows.append((kind, f"{1 - float(asked.mask.mean()):.0%}",
                     *(f"{float(hidden_psnr(answer, asked).mean()):.2f}" for answer in answers)))
    return Table(header=("mask", "hidden", *FILLS, "network"), rows=tuple(rows),
                 caption=f"PSNR of hidden pixels in dB, mean of {run.experiment.judged} pictures that were kept back.")


def _text(there: Rooms) -> tuple[str, ...]:
    found, least = there.score(there.answers["inpaint-mse"]), there.here.least
    return (
        "On doors the conditional mean is known: a door that is light with probability p has the mean of both colours. "
        f"The network comes as near to it as {number(found.gap, 2)} in the mean square, {found.gap / least:.1%} of the "
        f"least error, which is the variance of a door given its room: {number(least)}.",
        "On pictures the conditional mean is not known. Beside the network stand fills that need no learning: the mean "
        "of the known pixels; the mean of the neighbours, where colours end up that diffuse inwards; and a thin plate, "
        "which continues slopes.",
    )
