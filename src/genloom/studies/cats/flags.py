"""S3.19: the flags of the command line."""

from genloom.recipes import fields
from genloom.recipes.images import ImagesRecipe
from genloom.report.numbers import near
from genloom.report.results import Result, Table
from genloom.studies.cats.work import cats_recipe
from genloom.studies.context import Context
from genloom.studies.study import Answer, deliverable

COURSE = (
    ("image_size", "data.size"), ("batch_size", "engine.batch_size"), ("data_class", "data.category"),
    ("save_folder", "--out"), ("load_path", "genloom report RUN, genloom resume RUN"), ("data_path", "data.folder"),
    ("train_steps", "engine.steps"), ("time_steps", "schedule.steps"), ("unet_dim", "network.width"),
    ("learning_rate", "optimizer.lr"), ("save_and_sample_every", "engine.save_every, engine.sample_every"),
    ("fid", "evaluation.track, engine.evaluate_every"), ("visualize", "always drawn"),
)
"""The text's flags, and the recipe's fields that they set."""


@deliverable("S3.19", "Flags", question="Every parameter of the text's Table 1 can be given on the command line.")
def flags(context: Context) -> Answer:
    """The table of flags with the values of this study's run."""
    chosen = cats_recipe(context)
    leaves = {leaf.name: leaf for leaf in fields.leaves(ImagesRecipe)}
    rows = tuple((f"--{name}", ours, _value(chosen, ours)) for name, ours in COURSE)
    named = [word for _, ours in COURSE for word in ours.split(", ") if "." in word]
    return Answer(
        text=(
            "`genloom train ddpm-cats` takes the text's spelling and its own; `--help` lists every field.",
            "    genloom train ddpm-cats --time_steps 50 --train_steps 1000 --image_size 32 --batch_size 32 "
            "--learning_rate 1e-3 --unet_dim 16 --save_and_sample_every 100 --fid",
        ),
        tables=(Table(header=("flag of the text", "here", "value in S3.20"), rows=rows,
                      caption="The text's Table 1."),),
        results=(near(Result(name="fields of the table that the recipe has", value=sum(w in leaves for w in named),
                             known=len(named), known_name="named in the table"), 0),),
        source="problem text, Table 1",
    )


def _value(chosen: ImagesRecipe, ours: str) -> str:
    first = ours.split(", ")[0]
    if first not in {leaf.name for leaf in fields.leaves(ImagesRecipe)}:
        return "—"
    value = fields.value(chosen, tuple(first.split(".")))
    return "—" if value == "" else str(value)
