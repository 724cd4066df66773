"""How drawn pictures are judged, whatever drew them: distances from real ones, beside those of other real ones."""

from collections.abc import Callable
from typing import Any, Protocol

from torch import Tensor

from genloom.data.images.augment import centre
from genloom.data.images.imageset import ImageSet
from genloom.data.store import cache
from genloom.metrics.features import Extractor, Reference, distance_name, reference
from genloom.metrics.interval import mean_interval
from genloom.metrics.picture_scores import NEIGHBOURS, PictureScores, compare
from genloom.report.results import Result

REAL = "other real pictures, same N"
FEWEST = NEIGHBOURS + 1
"""Fewer pictures than this have no neighbours to be compared by."""
REFERENCES = 10_000
"""Most pictures of a reference: coverage takes the distances of each from each."""
_NORMAL = 1.96  # standard errors of a 95 % interval


class Compared(Protocol):
    """What an experiment that draws pictures has to compare them with; `recipe` has "data" and "evaluation"."""

    @property
    def recipe(self) -> Any:
        """The recipe."""
        ...

    @property
    def data(self) -> ImageSet:
        """Pictures of training."""
        ...

    @property
    def kept(self) -> ImageSet:
        """Pictures that no training sees."""
        ...

    @property
    def extractor(self) -> Extractor:
        """What the Fréchet distance is taken in."""
        ...

    @property
    def reference(self) -> Reference:
        """Training pictures as the extractor sees them."""
        ...

    @property
    def floor(self) -> PictureScores:
        """The scores of kept-back pictures."""
        ...


def training_reference(data: ImageSet, size: int, extractor: Extractor) -> Reference:
    """The first `REFERENCES` pictures of training, which are in random order, as the extractor sees them."""
    return reference(centre(data.pictures[:REFERENCES], size), extractor, folder=cache() / "features")


def floor_of(experiment: Compared) -> PictureScores:
    """The scores of kept-back pictures, as many as are judged, or all of them where they are fewer."""
    kept = centre(experiment.kept.pictures[: experiment.recipe.evaluation.samples], experiment.recipe.data.size)
    return compare(kept, experiment.reference, experiment.extractor)


def judge_samples(experiment: Compared, drawn: Callable[[int], Tensor]) -> list[Result]:
    """Fréchet and kernel distance, precision, recall, density and coverage of samples, beside real pictures' own.

    drawn   a seed -> as many pictures as the recipe judges by, bytes (N, C, H, W)

    With fewer than `FEWEST` samples or training pictures it says so instead; as few kept back give no floor.
    """
    name, references = distance_name(experiment.extractor), len(experiment.data)
    count = experiment.recipe.evaluation.samples
    if min(count, references) < FEWEST:
        return [Result(name=name, value=None, n=count,
                       formula=f"not taken: {count} samples and {references} training pictures are too few; each set "
                               f"needs {FEWEST}")]
    seeds = tuple(range(experiment.recipe.evaluation.seeds))
    each = [compare(drawn(seed), experiment.reference, experiment.extractor) for seed in seeds]
    first, floor = each[0], experiment.floor if len(experiment.kept) >= FEWEST else None
    beside = _beside(first, floor, len(experiment.kept))
    rows = (("KID", "kid", "Bińkowski et al. 2018, Eq. 4"), ("precision", "precision", "Kynkäänniemi et al. 2019"),
            ("recall", "recall", "Kynkäänniemi et al. 2019"), ("density", "density", "Naeem et al. 2020"),
            ("coverage", "coverage", "Naeem et al. 2020"))
    found = [Result(name=name, value=mean([s.frechet for s in each]), known=floor.frechet if floor else None,
                    known_name=beside, interval=_interval(each), n=first.n, seeds=seeds,
                    formula=about(experiment.extractor, first), source="Heusel et al. 2017, Eq. 6")]
    for label, field, source in rows:
        shown = f"{label}-{experiment.extractor.name}" if label == "KID" else label
        found.append(Result(name=shown, value=mean([getattr(s, field) for s in each]),
                            known=getattr(floor, field) if floor else None, known_name=beside, n=first.n,
                            seeds=seeds, source=source, interval=_kid_interval(each) if field == "kid" else None))
    return found


def about(extractor: Extractor, scored: PictureScores) -> str:
    """What a distance was taken in and against: without it the number says nothing."""
    said = f"{extractor.dim} features of {extractor.name}, sha256 {extractor.digest[:12]}; reference of " \
           f"{scored.references:,} training pictures, sha256 {scored.reference_digest[:12]}"
    return f"{said}; {scored.note}" if scored.note else said


def mean(values: list[float]) -> float:
    """The mean over seeds."""
    return sum(values) / len(values)


def _beside(drawn: PictureScores, floor: PictureScores | None, kept: int) -> str:
    """What the numbers of samples stand beside."""
    if floor is None:
        return f"no floor: {kept} pictures were kept back, fewer than {FEWEST}"
    return REAL if floor.n == drawn.n else f"{floor.n} other real pictures, not as many: see N"


def _kid_interval(each: list[PictureScores]) -> tuple[float, float]:
    """95 % by the jackknife of one set of samples, or over several."""
    if len(each) == 1:
        half = _NORMAL * each[0].kid_error
        return each[0].kid - half, each[0].kid + half
    found = mean_interval([s.kid for s in each])
    return found.low, found.high


def _interval(each: list[PictureScores]) -> tuple[float, float] | None:
    if len(each) == 1:
        return each[0].frechet_interval
    found = mean_interval([s.frechet for s in each])
    return found.low, found.high
