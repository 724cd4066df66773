"""S0.26: the intensity of guidance varied, in every way."""

from genloom.report.grids import rows_figure
from genloom.report.results import Figure, Table
from genloom.studies.context import Context
from genloom.studies.guided_sampling.exact import exact, exact_results, exact_text
from genloom.studies.guided_sampling.ways import INTERVAL, WAYS, Way, guided
from genloom.studies.guided_sampling.work import BAD, SHOWN, bad_digits, digits
from genloom.studies.study import Answer, deliverable


@deliverable("S0.26", "Guidance at several intensities",
             question="Implement classifier guidance for DDPM and DDIM, and vary its intensity.")
def guidance(context: Context) -> Answer:
    """One figure for each way, one row for each scale; and the exact case."""
    here, bad, found = digits(context), bad_digits(context), exact(context)
    engine, worse = here.recipe.engine, bad.recipe.engine
    return Answer(
        text=(
            "Classifier guidance adds s ∇ log p(y | x_t) to the score of the unconditional model: in DDPM as a shift "
            "of the mean by s Σ ∇ log p, in DDIM as ε̂ − s √(1 − ᾱ_t) ∇ log p. The text's algorithm for DDIM leaves out "
            "s. "
            "The guide is a classifier of noised digits that is told the time; one of clean digits can guide only "
            "through x̂_0(x_t).",
            "Classifier-free guidance extrapolates from the unconditional to the conditional model, everywhere or for "
            f"σ/α from {INTERVAL[0]:g} to {INTERVAL[1]:g} alone. Autoguidance extrapolates from a bad version of the "
            f"conditional model, the same recipe after {worse.steps} of {engine.steps} steps, 1/{BAD} of them. Their "
            "scale 1 is the conditional model, without extrapolation; a classifier's scale 0 is the unconditional "
            "model, and 1 is Bayes' rule.",
            f"Every figure is drawn from the same starts in {here.sizes.guided_steps} steps, DDIM's but for the first, "
            "and every column asks for the digit above it.",
            *exact_text(found),
        ),
        figures=tuple(_figure(context, way) for way in WAYS),
        tables=(_table(context),),
        results=tuple(exact_results(found)),
        formula="ε̂ = ε_θ(x_t) − s √(1 − ᾱ_t) ∇ log p(y | x_t);   ε̂ = ε_θ(x_t) + s (ε_θ(x_t, y) − ε_θ(x_t))",
        source="Dhariwal & Nichol 2021, Alg. 1 and 2; Ho & Salimans 2022; Kynkäänniemi et al. 2024; "
               "Karras et al. 2024",
    )


def _figure(context: Context, way: Way) -> Figure:
    here = digits(context)
    shown = {f"{scale:g}": guided(context, way, scale).pictures[:SHOWN] for scale in here.sizes.scales}
    rows = {f"s = {scale}": pictures for scale, pictures in shown.items()}
    return context.figure(rows_figure(rows, list(map(str, range(SHOWN))), cell=0.66), f"guidance-{way.key}",
                          run=here.trained,
                          caption=f"{way.name}: scales {', '.join(shown)}; 0 is {way.zero}, 1 is {way.one}. None was "
                                  "chosen or left out.",
                          alt=f"{len(rows)} rows of {SHOWN} digits, one row for each scale of guidance")


def _table(context: Context) -> Table:
    """What each way costs, and what its ends are."""
    scales = digits(context).sizes.scales
    top = [guided(context, way, scales[-1]) for way in WAYS]
    return Table(header=("way", "scale 0", "scale 1", "network calls", "ms per image"),
                 rows=tuple((way.name, way.zero, way.one, f"{each.calls:g}", f"{1000 * each.seconds:.1f}")
                            for way, each in zip(WAYS, top, strict=True)),
                 caption=f"At scale {scales[-1]:g}. Calls of the denoising networks per picture; the clean classifier "
                         "costs a backward pass through the network besides.")

