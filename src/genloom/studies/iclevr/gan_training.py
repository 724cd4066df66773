"""S1.5: the GAN's training, what went wrong with it, and how it draws."""

import math
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.data.images.labelsets import named
from genloom.recipes.gan_losses import updates
from genloom.recipes.judge_gans import judge_discriminator
from genloom.recipes.show_game import GAME_ALT, GAME_CAPTION, diagnosis, draw_game, epochs
from genloom.report.grids import rows_figure
from genloom.report.numbers import at_least, at_most, near, number
from genloom.report.results import Figure, Result
from genloom.studies.context import Context
from genloom.studies.iclevr.gan_losses import recipes
from genloom.studies.iclevr.judged import real_pictures
from genloom.studies.iclevr.spent import clock, minutes
from genloom.studies.iclevr.work import Adversary, adversary, gan, names, sets_of, sizes
from genloom.studies.study import Answer, deliverable

LIMIT = 90.0
"""Minutes in which a laptop should train it."""
_ROWS, _COLUMNS, _BATCH = 4, 9, 64


@deliverable("S1.5", "Training and sampling of the GAN",
             question="Train the GAN and draw from it.")
def training(context: Context) -> Answer:
    """The game over the steps and its diagnosis, and pictures as functions of noise and labels."""
    model, moved = gan(context), context.once("gan moved", lambda: changes(context))
    logged = _logged(context)
    alone, together = _times(context, model)
    return Answer(
        text=(_trained(context, model, logged), *diagnosis(logged.experiment, logged.trained.path),
              "Drawing is one pass of the generator: noise and labels in, a picture out. With the averaged weights, "
              f"whose batch norms use the statistics of training, picture i is a function of (seed, i) and its labels. "
              f"One picture takes {number(1000 * alone, 3)} ms here, one of {_BATCH} together "
              f"{number(1000 * together, 3)} ms.",
              _changed(moved)),
        figures=(_game(context, logged), _noise_and_labels(context, model), _between(context, model)),
        results=(
            *_minutes(context, model),
            near(Result(name="largest difference of a picture from the same drawn among others, levels of 255",
                        value=_alone(context, model), known=0, known_name="a function of its own noise and labels",
                        n=5), 0),
            at_least(Result(name="change of pixels by other labels, same noise", value=moved.labels, unit="of 255",
                            n=moved.pairs, known=0, known_name="a generator that does not listen",
                            tolerance="more than one level"), 1.0),
            at_least(Result(name="change of pixels by other noise, same labels", value=moved.noise, unit="of 255",
                            n=moved.pairs, known=moved.real, known_name="two real pictures of the same labels",
                            tolerance="more than one level"), 1.0),
            Result(name="ms per picture", value=1000 * together, unit="ms", n=_BATCH),
            *_discriminator(context, logged),
        ),
        formula="x = G(z, y),   z ~ N(0, I)" if model.recipe.latent.law == "normal" else "x = G(z, y),   z ~ U(−1, 1)",
        source="Goodfellow et al. 2014, Alg. 1; Karras et al. 2020 (averaged weights, overfitting of discriminators)",
    )


def _logged(context: Context) -> Adversary:
    """The GAN's own run; the small one of the same game where the GAN came without its log."""
    model = gan(context)
    if (model.trained.path / "metrics.jsonl").is_file():
        return model
    _, chosen = recipes(context)["own"]
    return context.once(("loss", "own"), lambda: adversary(context.run(chosen, "loss-own")))


def _trained(context: Context, model: Adversary, logged: Adversary) -> str:
    steps, batch = model.recipe.engine.steps, model.recipe.engine.batch_size
    said = (f"{number(steps)} steps with batches of {batch}, {epochs(model.experiment, steps):.1f} epochs of "
            f"{number(len(model.experiment.data))} pictures.")
    if logged.name == model.name:
        return said
    return (f"{said} This GAN comes with genloom, trained by this recipe, and its log does not: the curves are those "
            f"of the same game on the small budget of S1.4, {number(updates(logged.recipe))} updates. `--train` "
            "trains all of it anew.")


class Changes(NamedTuple):
    """Root mean square change of pixels, in levels of 255.

    labels, noise   by other labels, and by other noise
    real            between two real pictures of the same labels
    pairs           number of pairs of generated pictures
    """

    labels: float
    noise: float
    real: float
    pairs: int


def changes(context: Context) -> Changes:
    """What moves a picture, over the label sets of test."""
    model, sets = gan(context), sets_of(context, "test")
    draw = partial(_made, model)
    first = draw(context.seed, sets)
    there = real_pictures(context, "test")
    second = torch.cat([there.groups.new_tensor([-1]), there.groups[:-1]]) == there.groups  # as its neighbour before
    real = _apart(there.pictures[second], there.pictures.roll(1, 0)[second]) if bool(second.any()) else math.nan
    return Changes(_apart(first, draw(context.seed, sets.roll(1, 0))), _apart(first, draw(context.seed + 1, sets)),
                   real, len(sets))


def _made(model: Adversary, seed: int, sets: Tensor) -> Tensor:
    here = model.experiment
    return here.made(model.trained.networks, here.z(len(sets), seed), sets)


def _apart(one: Tensor, other: Tensor) -> float:
    return float((one.double() - other.double()).square().mean().sqrt())


def _changed(moved: Changes) -> str:
    return ("The labels are to say what is there, the noise where it stands and how the light falls. Other labels with "
            f"the same noise change pixels by {number(moved.labels, 3)} of 255, root mean square, other noise with the "
            f"same labels by {number(moved.noise, 3)}; two real pictures of the same labels are {number(moved.real, 3)}"
            " apart.")


def _alone(context: Context, model: Adversary) -> float:
    sets = sets_of(context, "test")
    return float((model.draw(sets[:5], context.seed).int() - model.draw(sets, context.seed)[:5].int()).abs().max())


def _times(context: Context, model: Adversary) -> tuple[float, float]:
    """Seconds of one picture alone, and of one of many together."""
    here, networks = model.experiment, model.trained.networks
    sets = sets_of(context, "test").repeat(2, 1)[:_BATCH]
    z = here.z(_BATCH, context.seed)
    return clock(lambda: here.made(networks, z[:1], sets[:1])), clock(lambda: here.made(networks, z, sets)) / len(sets)


def _minutes(context: Context, model: Adversary) -> tuple[Result, ...]:
    spent = minutes(model.trained)
    if spent != spent:  # nothing tells
        return ()
    result = Result(name="minutes of training", value=spent, unit="min", seeds=(context.seed,), known=LIMIT,
                    known_name="laptop, at most")
    return (at_most(result, LIMIT) if context.tier == "laptop" else result,)


def _discriminator(context: Context, logged: Adversary) -> list[Result]:
    """Whether the discriminator still tells its pictures from others; none comes with genloom."""
    if "discriminator" not in logged.trained.networks:
        return []
    count = min(sizes(context).samples, len(logged.experiment.kept))
    labels = logged.experiment.kept.labels
    assert labels is not None
    drawn = logged.draw(labels[:count], context.seed)
    return judge_discriminator(logged.experiment, logged.trained.networks, drawn, labels[:count])


def _game(context: Context, logged: Adversary) -> Figure:
    return context.figure(draw_game(logged.recipe, logged.trained.path), "gan-game", run=logged.trained,
                          caption=GAME_CAPTION, alt=GAME_ALT)


def _noise_and_labels(context: Context, model: Adversary) -> Figure:
    here, sets = model.experiment, _shown(context)
    z = here.z(_COLUMNS, context.seed + 1)
    rows = {"\n".join(words): here.made(model.trained.networks, z, row.expand(_COLUMNS, -1))
            for words, row in zip(named(sets, names(context)), sets, strict=True)}
    return context.figure(rows_figure(rows, cell=0.8), "gan-noise-labels", run=model.trained,
                          caption="One label set for each row, one noise for each column.",
                          alt=f"{len(rows)} rows of {_COLUMNS} generated pictures: "
                              f"{'; '.join(', '.join(each.splitlines()) for each in rows)}")


def _between(context: Context, model: Adversary) -> Figure:
    """From one noise to another, along an arc where it is normal, and from one label set to another in a line."""
    here, sets = model.experiment, _shown(context)
    first, last = here.z(2, context.seed + 2)
    share = torch.linspace(0, 1, _COLUMNS)[:, None]
    arc = model.recipe.latent.law == "normal"  # of which all points have the same law as the ends
    z = (torch.cos(share * torch.pi / 2) * first + torch.sin(share * torch.pi / 2) * last if arc else
         torch.lerp(first, last, share))
    mixed = (1 - share) * sets[0] + share * sets[1]
    draw = partial(here.made, model.trained.networks)
    rows = {"other noise": draw(z, sets[:1].expand(_COLUMNS, -1)),
            "other labels": draw(first.expand(_COLUMNS, -1), mixed)}
    return context.figure(rows_figure(rows, cell=0.8), "gan-between", run=model.trained,
                          caption="From one noise to another with the same labels, and from one label set to another "
                                  f"with the same noise: from {', '.join(named(sets, names(context))[0])} to "
                                  f"{', '.join(named(sets, names(context))[1])}. Between the ends labels are neither "
                                  "0 nor 1, which training has never shown.",
                          alt=f"Two rows of {_COLUMNS} generated pictures that change from left to right")


def _shown(context: Context) -> Tensor:
    """The first label sets of new_test with different numbers of objects, and then the next."""
    sets = sets_of(context, "new_test")
    counts = sets.sum(1)
    firsts = [int((counts == k).nonzero()[0, 0]) for k in sorted(set(counts.tolist()))]
    rest = [i for i in range(len(sets)) if i not in firsts]
    return sets[(firsts + rest)[:_ROWS]]
