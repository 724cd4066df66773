"""Everything that is said of generated pictures beside real ones, from one pass of the extractor over each set."""

from dataclasses import dataclass, replace

from torch import Tensor

from genloom.errors import InputError
from genloom.metrics.coverage import Coverage, coverage
from genloom.metrics.features import Extractor, Reference, distance_name, extract, moments, reference
from genloom.metrics.frechet import frechet_distance, frechet_interval, small_sample_note
from genloom.metrics.kid import kernel_distance

NEIGHBOURS = 5


@dataclass(frozen=True, kw_only=True)
class PictureScores:
    """How pictures compare with a reference.

    distance            what the Fréchet distance is called: FID, FD-digits, FD-random or FD-pixels
    frechet             its value, and `frechet_interval` its 95 % jackknife interval, or None
    kid, kid_error      unbiased kernel distance of all pictures, and its standard error
    precision, recall, density, coverage   with `neighbours` nearest neighbours
    n, references       number of pictures, and of the reference's
    reference_digest    SHA-256 of the reference's pictures, and `extractor_digest` of what they are compared in
    note                what must be said with the numbers, "" where there is nothing
    floor               the same of other real pictures, as many, against the same reference; None where none were given
    """

    distance: str
    frechet: float
    frechet_interval: tuple[float, float] | None
    kid: float
    kid_error: float
    precision: float
    recall: float
    density: float
    coverage: float
    neighbours: int
    n: int
    references: int
    reference_digest: str
    extractor_digest: str
    note: str = ""
    floor: "PictureScores | None" = None


def compare(generated: Tensor, real: Tensor | Reference, extractor: Extractor, *, others: Tensor | None = None,
            quickly: bool = False, batch: int = 64) -> PictureScores:
    """All scores of generated pictures, bytes (N, C, H, W), against real ones.

    real      the reference's pictures, or the `Reference` already made of them by the same extractor
    others    at least N real pictures that are not among the reference's: the first N give the floor
    quickly   leave out the interval and the floor
    batch     pictures that the extractor sees at once

    Errors: `InputError` for a reference of another extractor, fewer than 6 pictures in a set, fewer others than
    generated pictures, or pictures that are not bytes.
    """
    known = real if isinstance(real, Reference) else reference(real, extractor, batch=batch)
    if known.extractor != extractor.digest:
        raise InputError("real", f"a reference of extractor {known.extractor[:12]}…", f"of {extractor.digest[:12]}…",
                         "make it with the extractor that is used now")
    scores = _scores(extract(extractor, generated, batch=batch), known, extractor, quickly)
    if others is None or quickly:
        return scores
    if len(others) < len(generated):
        raise InputError("others", f"{len(others)} pictures", f"at least {len(generated)}, as many as were generated",
                         "generate fewer or keep more real pictures back: distances depend on the number")
    apart = extract(extractor, others[: len(generated)], batch=batch)
    return replace(scores, floor=_scores(apart, known, extractor, quickly))


def _scores(features: Tensor, known: Reference, extractor: Extractor, quickly: bool) -> PictureScores:
    fewest = min(len(features), len(known.features))
    if fewest <= NEIGHBOURS:
        raise InputError("generated, real", (len(features), len(known.features)), f"at least {NEIGHBOURS + 1} pictures")
    interval = None if quickly else frechet_interval(features, known.moments)
    kernel = kernel_distance(features, known.features)
    shares: Coverage = coverage(features, known.features, neighbours=NEIGHBOURS)
    return PictureScores(
        distance=distance_name(extractor),
        frechet=interval.value if interval else frechet_distance(moments(features), known.moments),
        frechet_interval=(interval.low, interval.high) if interval else None,
        kid=kernel.value, kid_error=kernel.stderr, precision=shares.precision, recall=shares.recall,
        density=shares.density, coverage=shares.coverage, neighbours=shares.neighbours,
        n=len(features), references=len(known.features), reference_digest=known.digest,
        extractor_digest=extractor.digest, note=small_sample_note(fewest, extractor.dim),
    )
