"""S1.19 to S1.21: what this is about, and both models described by their own recipes."""

from itertools import pairwise

from genloom.recipes.fields import leaves, value
from genloom.recipes.gan_losses import updates
from genloom.report.numbers import at_least, fixed, near, number
from genloom.report.results import Result, Table
from genloom.studies.context import Context
from genloom.studies.iclevr.accuracy import FULL_MARKS, GOALS, grade, read_in_training
from genloom.studies.iclevr.judged import cell, judged, kept, real
from genloom.studies.iclevr.spent import minutes
from genloom.studies.iclevr.work import LISTS, Model, ddpm, gan, judge, models, names, pictures
from genloom.studies.study import Answer, deliverable

_QUIET = ("name", "summary", "engine.threads", "engine.workers", "engine.tensorboard", "engine.wandb", "engine.devices",
          "engine.nodes", "engine.accelerator", "engine.keep", "engine.log_every", "engine.save_every",
          "engine.sample_every", "data.folder", "data.category", "data.strict", "network.details",
          "evaluation.weights", "schedule.betas")
"""Fields that say nothing of the model."""
_KINDS = {"dit": "a diffusion Transformer", "unet": "a U-Net", "naive-unet": "a plain U-Net"}


@deliverable("S1.19", "Introduction", question="Introduce the lab and what was done.")
def introduction(context: Context) -> Answer:
    """The task, the two models, and the four accuracies."""
    parts, objects = pictures(context), names(context)
    listed = [(model, name, judged(context, model, name, judge(context))) for model in models(context)
              for name in LISTS]
    low, high = (pick(found.micro.value for _, _, found in listed) for pick in (min, max))
    return Answer(
        text=(
            f"A picture shows one to three solids on a grey stage, out of {len(objects)}: eight colours of cubes, "
            "spheres and cylinders. A model is told a set of them and is to draw a picture of just these. Two kinds of "
            f"model learn it from {number(len(parts.train))} pictures: a generative adversarial network, which draws "
            "in one pass and is trained by a second network that looks for its mistakes, and a denoising diffusion "
            "model, which draws in many small steps from noise and is trained to remove a little of it.",
            "How well they do is measured by an evaluator, a network that names the objects of a picture. Two were "
            f"trained alike, from different first weights: a, which may guide, and b, which judges. b names "
            f"{kept(context, judge(context)).micro.value:.3f} of the labels of real pictures that it has not seen.",
            f"The four accuracies are between {low:.3f} and {high:.3f}; full marks in the course begin at "
            f"{FULL_MARKS}. Every number of this report stands beside what is known of it: a formula, chance, real "
            "pictures, or an independent computation. Items S1.1 to S1.9 are the parts, S1.10 to S1.18 the results, "
            "S1.20 to S1.23 the descriptions, the comparison and further experiments.",
        ),
        tables=(_accuracies(context),),
        results=tuple(at_least(Result(
            name=f"accuracy of the {model.said} on {name}", value=found.micro.value, n=found.micro.n,
            known=real(context, name, judge(context)).micro.value, known_name="real pictures of the same sets",
            interval=(found.micro.low, found.micro.high),
            tolerance=f"at least {GOALS[model.said, context.tier]:.2f}, the goal of this tier"),
            GOALS[model.said, context.tier]) for model, name, found in listed),
        source="problem text, \"Lab description\"",
    )


def _accuracies(context: Context) -> Table:
    rows = []
    for model in models(context):
        for name in LISTS:
            found, known = judged(context, model, name, judge(context)), real(context, name, judge(context))
            rows.append((model.said, name, cell(found.micro), f"{GOALS[model.said, context.tier]:.2f}",
                         f"{grade(found.micro.value)}%", f"{known.micro.value:.3f}", f"{found.chance.micro:.3f}"))
    return Table(header=("model", "list", "accuracy", "goal", "marks", "real pictures", "chance"), rows=tuple(rows),
                 caption="Label accuracy, judged by evaluator b, mean over the sampling seeds; marks by the course's "
                         "table.")


@deliverable("S1.20", "The GAN described", question="Describe the details of your GAN.")
def describe_gan(context: Context) -> Answer:
    """The GAN by its recipe: networks, game, training."""
    model = gan(context)
    chosen, loss = model.recipe, model.recipe.loss
    made, judging = (sum(p.numel() for p in model.experiment.networks[name].parameters())
                     for name in ("generator", "discriminator"))
    reads = (f" Evaluator a reads the generator's pictures while it learns: the logistic loss of the labels that it "
             f"misses is added with weight {loss.reading:g}. It does not judge." if read_in_training(context, model)
             else "")
    return Answer(
        text=(
            f"The GAN is the recipe `{chosen.name}`, trained by `genloom train {chosen.name}`; {_origin(model)}.",
            f"Noise: {chosen.latent.size} numbers, {chosen.latent.law}. Generator: the pair {chosen.network.kind} of "
            f"width {chosen.network.width}, {number(made)} parameters, told the labels by {chosen.network.told}. "
            f"Discriminator: {number(judging)} parameters, judging by {chosen.network.judging}, normalised by "
            f"{_norms(chosen.network.norm, chosen.network.spectral)}.",
            f"Game: {loss.adversarial}; {loss.critic_steps} update(s) of the discriminator for each of the generator"
            f"{_penalty(chosen.penalty)}.{reads}",
            f"Training: {number(chosen.engine.steps)} steps of {chosen.engine.batch_size} pictures, "
            f"{number(updates(chosen))} updates in all; Adam with learning rates {chosen.generator.lr:g} and "
            f"{chosen.discriminator.lr:g}, β = ({chosen.generator.beta1:g}, {chosen.generator.beta2:g}); pictures "
            f"changed by {', '.join(chosen.augment.policy) or 'nothing'} before the discriminator sees them; weights "
            f"averaged with decay {chosen.engine.ema:g} for drawing.",
            "What else there is to choose from stands in S1.3 and S1.4, with numbers."),
        tables=(_recipe(chosen, "All choices of the recipe."),),
        results=(*_described(context, model), near(Result(
            name="parameters of both networks", value=made + judging, known=_counted(model), known_name="facts of the "
            "run, as its banner has them"), 0)),
        source="S1.3 to S1.5",
    )


@deliverable("S1.21", "The DDPM described", question="Describe the details of your DDPM.")
def describe_ddpm(context: Context) -> Answer:
    """The DDPM by its recipe: network, process, training, sampling."""
    model = ddpm(context)
    chosen, own, process = model.recipe, model.recipe.network, model.recipe.diffusion
    shape = " × ".join(map(str, model.experiment.shape))
    return Answer(
        text=(
            f"The DDPM is the recipe `{chosen.name}`, trained by `genloom train {chosen.name}`; {_origin(model)}.",
            f"Network: {_KINDS.get(own.kind, own.kind)} on states of {shape}, {number(model.parameters)} parameters, "
            f"width {own.width}, {own.blocks} blocks"
            f"{f', patches of {own.patch} × {own.patch}' if own.kind == 'dit' else ' a level'}; labels as "
            f"{own.conditioning}. S1.6 has it stage by stage.",
            f"Process: schedule {chosen.schedule.kind} of {number(chosen.schedule.steps)} entries; the network "
            f"predicts {process.prediction} with the weight {process.weight} and the distance {process.distance}; "
            f"times {process.times}; labels hidden in {process.label_dropout:.0%} of the pictures, for classifier-free "
            "guidance.",
            f"Training: {number(chosen.engine.steps)} steps of {chosen.engine.batch_size} pictures, "
            f"{chosen.engine.steps * chosen.engine.batch_size / len(model.experiment.data):.0f} epochs; "
            f"{chosen.optimizer.name} with learning rate {chosen.optimizer.lr:g}, schedule {chosen.optimizer.schedule} "
            f"after {number(chosen.optimizer.warmup)} steps of warm-up; weights averaged with decay "
            f"{chosen.engine.ema:g}.",
            f"Sampling: {chosen.sampling.sampler}, {len(model.experiment.levels()) - 1} steps, spaced "
            f"{chosen.sampling.spacing}, guidance {chosen.sampling.guidance:g}, x̂0 "
            f"{'clamped to [−1, 1]' if chosen.sampling.clip else 'as it is'}.",
            "What else there is to choose from stands in S1.6 to S1.9, with numbers."),
        tables=(_recipe(chosen, "All choices of the recipe."),),
        results=(*_described(context, model), near(Result(
            name="parameters of the network", value=model.parameters, known=_counted(model), known_name="facts of the "
            "run, as its banner has them"), 0)),
        source="S1.6 to S1.9",
    )


def _origin(model: Model) -> str:
    spent = minutes(model.trained)
    said = str(getattr(model.trained, "origin", "trained here"))
    return said if spent != spent or " in " in said else f"{said}, in {fixed(spent, 1)} minutes"


def _norms(norm: str, spectral: str) -> str:
    said = [] if norm == "none" else [f"{norm} norm"]
    said += [] if spectral == "none" else ["spectral normalisation of " + ("both networks" if spectral == "both" else
                                                                           "its weights")]
    return " and ".join(said) or "nothing"


def _penalty(penalty: object) -> str:
    kind, weight = getattr(penalty, "kind", "none"), getattr(penalty, "weight", 0.0)
    return "" if kind == "none" else f"; penalty {kind} of weight {weight:g}"


def _counted(model: Model) -> int:
    """The sum of the parameters that the run's own facts name."""
    words = dict(model.experiment.facts())["network"].replace(",", "").split()
    return sum(int(before) for before, word in pairwise(words)
               if word.startswith("parameters") and before.isdecimal())


def _described(context: Context, model: Model) -> list[Result]:
    """What a reader wants to know first: the accuracies that this model has."""
    found = []
    for name in LISTS:
        share = judged(context, model, name, judge(context)).micro
        found.append(Result(name=f"accuracy on {name}", value=share.value, n=share.n, interval=(share.low, share.high),
                            known=real(context, name, judge(context)).micro.value,
                            known_name="real pictures of the same sets"))
    return found


def _recipe(chosen: object, caption: str) -> Table:
    rows = [(leaf.name, _said(value(chosen, leaf.path)), leaf.help) for leaf in leaves(type(chosen))
            if leaf.name not in _QUIET]
    return Table(header=("choice", "value", "what it is"), rows=tuple(rows), caption=caption)


def _said(found: object) -> str:
    if isinstance(found, tuple):
        return ", ".join(map(str, found)) or "—"
    if isinstance(found, bool):
        return "yes" if found else "no"
    if isinstance(found, float):
        return f"{found:g}".replace("-", "−")
    return number(found) if isinstance(found, int) else str(found) or "—"
