"""S3.24: the last batch of samples after 10,000 steps."""

from torch import Tensor

from genloom.data.images.augment import centre
from genloom.metrics.features import distance_name
from genloom.recipes.judge_images import judge_loss, scores
from genloom.recipes.judge_pictures import REAL
from genloom.recipes.show_pictures import nearest
from genloom.report.figures import canvas
from genloom.report.grids import grid, rows_figure
from genloom.report.numbers import at_most, number
from genloom.report.results import Figure, Result
from genloom.studies.cats.work import Cats, first_thousand, ten_thousand
from genloom.studies.context import Context
from genloom.studies.study import Answer, deliverable

_BATCH = 32


@deliverable("S3.24", "The last samples after 10,000 steps",
             question="Show the last batch of samples after 10,000 steps.")
def last_batch(context: Context) -> Answer:
    """Samples, their nearest training pictures, and their scores beside those after 1,000 steps."""
    here, early = ten_thousand(context), first_thousand(context)
    drawn = here.experiment.draw(here.trained.networks, count=_BATCH, seed=context.seed)
    final = context.once("cats-10000 scores", lambda: scores(here.experiment, here.trained.networks, context.seed))
    before = context.once("cats-1000 scores", lambda: scores(early.experiment, early.trained.networks, context.seed))
    name, floor = distance_name(here.experiment.extractor), here.experiment.floor
    return Answer(
        text=(
            f"After 10,000 steps {name} of {final.n} samples is {number(final.frechet, 3)}, after 1,000 steps it was "
            f"{number(before.frechet, 3)}; other real pictures have {number(floor.frechet, 3)}. A U-Net of width "
            "16 is small, and these are what it makes: none was chosen or left out.",
            "Below, the nearest training pictures of the first samples: a model that only remembered its pictures "
            "would show the same ones twice.",
        ),
        figures=(_sheet(context, here, drawn), _neighbours(context, here, drawn)),
        results=(
            at_most(Result(name=f"{name} after 10,000 steps", value=final.frechet, known=floor.frechet,
                           known_name=REAL, interval=final.frechet_interval, n=final.n,
                           seeds=(context.seed,), tolerance="below that after 1,000 steps"), before.frechet),
            Result(name="precision", value=final.precision, known=floor.precision,
                   known_name=REAL, n=final.n, source="Kynkäänniemi et al. 2019"),
            Result(name="recall", value=final.recall, known=floor.recall,
                   known_name=REAL, n=final.n, source="Kynkäänniemi et al. 2019"),
            judge_loss(here.experiment, here.trained.networks),
        ),
        source="problem text, 5.4",
    )


def _sheet(context: Context, here: Cats, drawn: Tensor) -> Figure:
    pixels = grid(drawn, columns=8)
    figure, (axes,) = canvas(7.2, 3.7)
    axes.imshow(pixels, interpolation="auto")
    axes.set_axis_off()
    return context.figure(figure, "last-batch", run=here.trained,
                          caption=f"The last batch of {_BATCH} samples after 10,000 steps, none left out.",
                          alt=f"A grid of {_BATCH} generated pictures")


def _neighbours(context: Context, here: Cats, drawn: Tensor) -> Figure:
    own = centre(here.experiment.data.pictures, here.recipe.data.size)
    found = own[nearest(drawn[:8], own)]
    return context.figure(rows_figure({"samples": drawn[:8], "nearest": found}, cell=0.9), "neighbours",
                          run=here.trained, caption="Samples, and below each the training picture nearest to it.",
                          alt="Two rows of pictures: samples, and their nearest training pictures")
