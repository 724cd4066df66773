"""S1.10 to S1.13: the pictures of both lists by both models, in the course's layout and with their labels."""

from genloom.recipes.show_labels import COLUMNS, labels_canvas, save_plain
from genloom.report.numbers import fixed, near
from genloom.report.results import Figure, Result
from genloom.studies.context import Context
from genloom.studies.iclevr.judged import Judged, judge_sets, real
from genloom.studies.iclevr.work import Diffusion, Model, asked, ddpm, drawn, gan, judge, names, sets_of
from genloom.studies.study import Answer, deliverable


@deliverable("S1.10", "GAN, test", question="Show the synthetic images of the GAN for test.json in a grid.")
def gan_test(context: Context) -> Answer:
    """The GAN's pictures of test."""
    return shown(context, gan(context), "test")


@deliverable("S1.11", "GAN, new_test", question="Show the synthetic images of the GAN for new_test.json in a grid.")
def gan_new_test(context: Context) -> Answer:
    """The GAN's pictures of new_test."""
    return shown(context, gan(context), "new_test")


@deliverable("S1.12", "DDPM, test", question="Show the synthetic images of the DDPM for test.json in a grid.")
def ddpm_test(context: Context) -> Answer:
    """The DDPM's pictures of test."""
    return shown(context, ddpm(context), "test")


@deliverable("S1.13", "DDPM, new_test", question="Show the synthetic images of the DDPM for new_test.json in a grid.")
def ddpm_new_test(context: Context) -> Answer:
    """The DDPM's pictures of new_test."""
    return shown(context, ddpm(context), "new_test")


def shown(context: Context, model: Model, listed: str) -> Answer:
    """The grid of the first sampling seed, plain and with labels, and how many of these the judge finds."""
    found, known = _first(context, model, listed), real(context, listed, judge(context))
    right, total = int(found.found.hits.sum()), int(found.found.counts.sum())
    whole = int((found.found.hits == found.found.counts).sum())
    return Answer(
        text=(f"The {len(found.groups)} label sets of {listed}.json in their order, from the left to the right and "
              f"down, {COLUMNS} to a row, of sampling seed {context.seed}; nothing was chosen or left out. "
              f"{_drawn_how(model)}",
              f"The judge, evaluator b, finds {right} of {total} labels here, and all labels of {whole} of "
              f"{len(found.groups)} pictures. In the second figure a label that it does not find is crossed out and "
              "its picture is framed."),
        figures=_figures(context, model, listed, found),
        results=(
            near(Result(name="pictures in the grid", value=len(found.groups), known=len(asked(context, listed)),
                        known_name=f"label sets of {listed}.json"), 0),
            Result(name="label accuracy of this grid", value=found.micro.value, known=known.micro.value, n=total,
                   known_name=f"real pictures of {known.sets} of these sets", seeds=(context.seed,),
                   interval=(found.micro.low, found.micro.high)),
        ),
        source="problem text, \"Results and discussion\" and Fig. 3",
    )


def _first(context: Context, model: Model, listed: str) -> Judged:
    """What the judge says of the first seed's pictures."""
    made = drawn(context, model).of(listed, context.seed)
    return judge_sets(judge(context), [made], sets_of(context, listed))


def _drawn_how(model: Model) -> str:
    if not isinstance(model, Diffusion):
        return "Each is one pass of the generator, with averaged weights."
    own = model.recipe.sampling
    steps = len(model.experiment.levels()) - 1
    return f"Each is drawn by {own.sampler} in {steps} steps, with classifier-free guidance of scale {own.guidance:g}."


def _figures(context: Context, model: Model, listed: str, found: Judged) -> tuple[Figure, Figure]:
    made, stem = drawn(context, model).of(listed, context.seed), f"{model.said.lower()}-{listed}"
    folder = context.folder / "figures"
    folder.mkdir(parents=True, exist_ok=True)
    provenance = {"study": context.study, "item": context.item, **model.trained.provenance,
                  "seed": str(context.seed), "command": context.again()}
    plain = save_plain(made, folder / f"{stem}.png", provenance)
    alt = f"A grid of {len(made)} pictures of coloured solids, {COLUMNS} to a row"
    return (
        Figure(path=plain.relative_to(context.folder).as_posix(), alt=alt,
               caption=f"{model.said}, {listed}.json, in the course's layout. Label accuracy of this grid "
                       f"{fixed(found.micro.value, 3)}."),
        context.figure(labels_canvas(made, sets_of(context, listed), names(context), found.found.said),
                       f"{stem}-labels", run=model.trained, caption="The same with the labels that were asked for; "
                       "✗ marks those that the judge does not find.", alt=f"{alt}, each with its labels under it"))
