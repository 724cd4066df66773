"""S3.7: a discriminator beside the squared error."""

import torch
from torch import Tensor

from genloom.data.images.augment import to_pictures
from genloom.gan.inpainting import Inpainting, hidden_error
from genloom.gan.losses import adversarial, minimax, non_saturating
from genloom.recipes.show_inpainting import GAME_ALT, GAME_CAPTION, draw_game, shown
from genloom.report.grids import rows_figure
from genloom.report.numbers import at_least, near, number
from genloom.report.results import Figure, Result
from genloom.report.run_page import read_columns
from genloom.rng import StepRng
from genloom.studies.context import Context
from genloom.studies.inpainting.doors import ROOMS
from genloom.studies.inpainting.squared import chances, door_rows
from genloom.studies.inpainting.work import Completed, Rooms, completing, rooms
from genloom.studies.study import Answer, deliverable
from genloom.studies.written.inpainting_loss import GAME

_SHOWN = 8
_SURE = -8.0  # the logit of a completion that the discriminator is sure of


@deliverable("S3.7", GAME.title, question=f"{GAME.statement} Train them.")
def game(context: Context) -> Answer:
    """The objective, the algorithm, and what it does on doors and on pictures."""
    run, plain, there = completing(context, "inpaint-gan"), completing(context, "inpaint-mse"), rooms(context)
    weight = run.experiment.recipe.loss.weight
    return Answer(
        derivation=GAME.steps,
        text=_text(run, there),
        figures=(_curves(context, run), _pictures(context, run, plain), _doors(context, there)),
        results=_results(run, there),
        formula="min over φ of −log D_φ(x) − log(1 − D_φ(x′));   min over θ of ℓ_mse(θ) − λ log D_φ(x′);   "
                f"x′ = M ⊙ x + (1 − M) ⊙ g_θ(M ⊙ x, M), λ = {weight:g}",
        source=GAME.source,
    )


def _curves(context: Context, run: Completed) -> Figure:
    return context.figure(draw_game(run.experiment, run.trained.path), "game", run=run.trained, caption=GAME_CAPTION,
                          alt=GAME_ALT)


def _pictures(context: Context, run: Completed, plain: Completed) -> Figure:
    asked = run.experiment.questions(_SHOWN)
    rows = {"known": shown(asked),
            "squared error": to_pictures(plain.experiment.complete(plain.trained.networks, asked)),
            "with the game": to_pictures(run.experiment.complete(run.trained.networks, asked)),
            "truth": to_pictures(asked.x)}
    return context.figure(
        rows_figure(rows, cell=0.9), "completed-game", run=run.trained,
        caption="The same pictures completed by the network of S3.6 and by one that was trained with a discriminator.",
        alt="Four rows of eight pictures: with hidden parts, completed by both networks, and whole")


def _doors(context: Context, there: Rooms) -> Figure:
    answers = {"squared error": there.answers["inpaint-mse"], "with the game": there.answers["inpaint-gan"]}
    return context.figure(
        rows_figure(door_rows(there, answers), chances(there), cell=0.9), "doors-game",
        caption="With the game the network gives doors that exist: one for each room, always the same.",
        alt="Five rows of eight rooms; the doors of the game are as dark or as light as real ones, those of the "
            "squared error lie between")


def _results(run: Completed, there: Rooms) -> tuple[Result, ...]:
    plain, played = (there.score(there.answers[name]) for name in ("inpaint-mse", "inpaint-gan"))
    chance = there.here.chance
    likelier = float(torch.minimum(chance, 1 - chance).mean() / (chance * (1 - chance)).mean()) * there.here.least
    into_generator, into_judge = _foreign_gradients(run)
    last = read_columns(run.trained.path / "metrics.jsonl", ("loss/discriminator", "real_told", "fake_told"))
    tail = {name: sum(values[-5:]) / max(1, len(values[-5:])) for name, values in last.items()}
    return (
        near(Result(name="gradient of the discriminator's loss in the generator", value=into_generator, known=0.0,
                    known_name="fakes are detached", tolerance="exactly"), 0.0),
        Result(name="gradient of ℓ_mse in the discriminator", value=into_judge, known=0.0,
               known_name="no function of φ, by its definition"),
        at_least(Result(name="doors: share within 0.1 of a door that exists, with the game", value=played.near,
                        known=1.0, known_name="real doors", n=len(there.truth)), 0.9),
        Result(name="doors: the same, squared error alone", value=plain.near, n=len(there.truth),
               known=_mean_near(there), known_name="exact conditional mean"),
        Result(name="doors: squared error of hidden pixels, with the game", value=played.error, n=len(there.truth),
               known=likelier, known_name="always the likelier door"),
        Result(name="pictures: the discriminator's loss in the end", value=tail["loss/discriminator"],
               known=adversarial(run.experiment.recipe.loss.adversarial).tie, known_name="nothing told apart"),
        Result(name="pictures: share of completed patches that it tells in the end", value=tail["fake_told"], known=0.5,
               known_name="chance"),
    )


def _mean_near(there: Rooms) -> float:
    return there.score(there.here.mean(there.room)).near


def _foreign_gradients(run: Completed) -> tuple[float, float]:
    """Largest gradients of the discriminator's loss in the generator, and of ℓ_mse in the discriminator."""
    networks, asked = run.trained.networks, run.experiment.questions(4)
    method = Inpainting(masks=lambda count, size, rng: asked.mask, adversarial=1.0)
    update = next(method.updates(networks, {"x": asked.x}, StepRng(0, 0)))
    generator, judge = networks["generator"], networks["discriminator"]
    first = torch.autograd.grad(update.loss, list(generator.parameters()), allow_unused=True)
    error = hidden_error(generator(asked.seen, asked.mask), asked.x, asked.mask).mean()
    return _largest(first), _largest(torch.autograd.grad(error, list(judge.parameters()), allow_unused=True))


def _largest(gradients: tuple[Tensor | None, ...]) -> float:
    """0 for weights that the loss does not reach."""
    return max((float(gradient.abs().max()) for gradient in gradients if gradient is not None), default=0.0)


def _slope(loss: "object") -> float:
    logit = torch.tensor(_SURE, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(loss(logit), logit)  # type: ignore[operator]
    return float(slope)


def _text(run: Completed, there: Rooms) -> tuple[str, ...]:
    plain, played = (there.score(there.answers[name]) for name in ("inpaint-mse", "inpaint-gan"))
    chosen, right = run.experiment.recipe, int(((played.light > 0.5) == (there.here.chance > 0.5)).sum())
    return (
        "    repeat:\n"
        "        draw pictures x and masks M;  g ← g_θ(M ⊙ x, M);  x′ ← M ⊙ x + (1 − M) ⊙ g\n"
        "        step φ down the gradient of −log D_φ(x) − log(1 − D_φ(x′)),  x′ held fixed\n"
        "        step θ down the gradient of ℓ_mse(θ) − λ log D_φ(x′),  by the moved D",
        "−log D takes the place of log(1 − D): where the discriminator is sure of a completion, at a logit of "
        f"{_SURE:g}, the first still has the slope {number(_slope(non_saturating), 3)}, the second "
        f"{number(_slope(minimax), 2)}. Here D sees patches, {chosen.discriminator.layers} halvings deep, and real and "
        "completed pictures go through it apart.",
        f"On doors the game does what it should: {played.near:.0%} of the completed doors are doors that exist, "
        f"against {plain.near:.0%} with the squared error alone. But the network has no noise to choose with: it gives "
        f"each room one door, in {right} of {ROOMS} the likelier, at a squared error of {number(played.error, 2)} "
        f"where the mean of both has {number(plain.error, 2)}. A game makes answers plausible; it does not make them "
        "varied.",
    )
