"""S4.18: the networks of the tables trained, and three grids with their epochs."""

from collections.abc import Mapping
from dataclasses import replace

from torch import Tensor

from genloom.recipes.judge_gans import read
from genloom.report.figures import canvas
from genloom.report.grids import show_grid
from genloom.report.numbers import at_least, number
from genloom.report.results import Figure
from genloom.studies.context import Context
from genloom.studies.mnist_gans.curves import curves, told
from genloom.studies.mnist_gans.judges import SURE, count, floor, judged, run_results, scores_table, untrained
from genloom.studies.mnist_gans.work import Played, play, stages
from genloom.studies.study import Answer, deliverable

_SHOWN, _COLUMNS = 64, 8
_THREE = (0, 2, -1)  # of ten checkpoints: after a tenth and three tenths of the training, and at its end
_ASKED = 2000  # pictures of the earlier checkpoints that the classifier is asked about
_REASONABLE = 0.8
"""How sure the classifier must be of a picture on average, for digits to be called reasonable."""


@deliverable("S4.18", "Generated images with their epochs",
             question="Attach generated images: three grids with their epochs. Images should be reasonable after about "
                      "30 epochs.")
def grids(context: Context) -> Answer:
    """Three grids of the same noise, and numbers for what is reasonable."""
    played = play(context, "tiny-gan")
    three = _chosen(stages(context, played, min(_ASKED, count(context, played.experiment))))
    found, real = judged(context, played), floor(context, played)
    total, (*others, sureness) = len(found.classes.counts), run_results(context, played, "tables")
    fresh = untrained(context, played).sure.value
    sureness = replace(sureness, tolerance=f"at least {_REASONABLE:.0%}, and no less than the untrained generator's "
                                           f"{fresh:.0%}")
    return Answer(
        text=(
            _setting(played), told(played),
            f"\"Reasonable\" in numbers: a classifier of digits is {found.sure.value:.0%} sure of a picture on average "
            f"({real.sure.value:.0%} of a real one), and sees {found.classes.seen} of {total} digits. At "
            f"{_epochs(played, three)} it was {_sureness(played, three)} sure.",
            "Sureness alone says little, since a classifier is sure of much that is no digit: of what the untrained "
            f"generator makes it is {fresh:.0%} sure. It must be read beside the digits that are seen and the "
            f"distance, which is {number(found.scores.frechet, 3)}, and "
            f"{number(untrained(context, played).scores.frechet, 3)} without training.",
            f"Not all pictures are digits. The classifier hesitates, being less than {SURE:.0%} sure, at "
            f"{found.doubted:.0%} of them, and at {real.doubted:.0%} of real ones. So small a discriminator looks at "
            "25 overlapping patches of 18 × 18 pixels and adds up what it thinks of each: whether strokes of different "
            "patches belong together it cannot ask.",
        ),
        figures=(_three_grids(context, played, three), curves(context, played, "tables-game")),
        tables=(scores_table(context, {"Tables 1 and 2": played}, "The pair of the tables beside real digits."),),
        results=(at_least(sureness, max(_REASONABLE, fresh)), *others),
        source="problem text, 4.6 and its remarks 5 and 6",
    )


def _chosen(found: Mapping[int, Tensor]) -> dict[int, Tensor]:
    """Pictures of the three checkpoints, or of all where there are fewer."""
    steps = sorted(found)
    picked = [steps[i] for i in _THREE] if len(steps) > max(_THREE) else steps
    return {step: found[step] for step in dict.fromkeys(picked)}


def _three_grids(context: Context, played: Played, three: Mapping[int, Tensor]) -> Figure:
    figure, axes = canvas(9.6, 3.5, 1, len(three))
    titles = [f"epoch {played.epoch(step):.0f} (step {step})" for step in three]
    for each, title, pictures in zip(axes, titles, three.values(), strict=True):
        show_grid(each, pictures[:_SHOWN], _COLUMNS, title)
    return context.figure(figure, "tables-epochs", run=played.trained,
                          caption=f"{_SHOWN} pictures of the same noise at {', '.join(titles)}; none left out.",
                          alt=f"{len(titles)} grids of {_SHOWN} generated digits, at {', '.join(titles)}")


def _setting(played: Played) -> str:
    recipe = played.recipe
    return (f"Batches of {recipe.engine.batch_size}, {number(recipe.engine.steps)} steps: "
            f"{played.epoch(recipe.engine.steps):.0f} epochs of {len(played.experiment.data):,} digits; Adam with "
            f"learning rates {recipe.generator.lr:g} and {recipe.discriminator.lr:g} of the small discriminator, β1 = "
            f"{recipe.generator.beta1:g}; noise {recipe.latent.law}. The course's starter has 0.0002 for both networks "
            "and 100 epochs; these rates are for a shorter training.")


def _epochs(played: Played, three: Mapping[int, Tensor]) -> str:
    return " and ".join(f"epoch {played.epoch(step):.0f}" for step in list(three)[:-1]) or "the end"


def _sureness(played: Played, three: Mapping[int, Tensor]) -> str:
    earlier = list(three)[:-1] or list(three)
    return " and ".join(f"{float(read(played.experiment, three[step]).amax(1).mean()):.0%}" for step in earlier)
