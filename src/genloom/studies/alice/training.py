"""S2.23: the model is trained; how far it comes, and what of it is the book by heart."""

from genloom.recipes.judge_gpt import judge_copies
from genloom.report.numbers import duration
from genloom.report.results import Result
from genloom.report.run_page import training_seconds
from genloom.studies.alice import bits, curves
from genloom.studies.alice.work import judged, model
from genloom.studies.context import Context
from genloom.studies.study import Answer, deliverable

_LINES = 12  # of a text that is shown


@deliverable("S2.23", "Training", question="Train the model as a standard GPT-2. Present the loss over training time.")
def training(context: Context) -> Answer:
    """The losses, where memorising starts, bits per byte beside baselines, and what is copied."""
    made = model(context)
    mine, counts = judged(context, made), bits.baselines(context).tokens
    beside = None if counts is None else (counts.loss, f"Kneser–Ney, {counts.order}-grams of its tokens")
    return Answer(
        text=(f"The model is GPT-2's network, trained by AdamW on windows of the training text: {_took(context)}. "
              f"{bits.said(context)}", curves.said(context), _copied(context), _shown(mine.texts)),
        figures=(curves.figure(context, beside), bits.figure(context)),
        tables=(curves.stages_table(context), bits.table(context)),
        results=(*curves.curve_results(context), *bits.bits_results(context), *_copies(context)),
        formula="L = −1/N Σ_i log p(t_i | t_<i),   bits per byte = L · tokens / (ln 2 · bytes)",
        source="Radford et al. 2019; Chen & Goodman 1999 (the n-grams)",
    )


def _took(context: Context) -> str:
    made = model(context)
    seconds, engine = training_seconds(made.trained.path / "timing.jsonl"), made.recipe.engine
    took = f", {duration(seconds)}" if seconds else ""
    return (f"{curves.curves(made.trained.path).ended} steps of {engine.batch_size} windows{took}, "
            f"{made.trained.origin}; the learning rate rises over {made.recipe.optimizer.warmup} steps to "
            f"{made.recipe.optimizer.lr:g} and falls as a cosine, and {made.recipe.network.dropout:g} of the numbers "
            "are dropped out")


def _copies(context: Context) -> tuple[Result, ...]:
    return context.once("copies", lambda: judge_copies(judged(context, model(context))))


def _copied(context: Context) -> str:
    """What the model writes and what the test text has of the training text."""
    made = model(context)
    found = {each.name: each.value or 0.0 for each in _copies(context)}
    n = made.recipe.evaluation.overlap
    written = found.get(f"texts that it writes: sequences of {n} bytes that stand in the training text")
    if written is None:
        return "No texts were written to be looked for in the training text."
    longest = found["longest copy in a text that it writes"]
    real = found[f"test text: sequences of {n} bytes that stand in the training text"]
    return (f"Of what it writes at temperature {made.recipe.generation.temperature:g}, {100 * written:.2f} % of the "
            f"sequences of {n} bytes stand in the training text, and the longest copy has {longest:.0f} bytes; of the "
            f"test text, which the author wrote, {100 * real:.2f} %. A model that had the book by heart would have "
            "100 %.")


def _shown(texts: tuple[str, ...]) -> str:
    """The beginning of the first text that it wrote."""
    if not texts:
        return "Nothing was written."
    whole = "".join(sign if sign.isprintable() or sign == "\n" else "�" for sign in texts[0])
    lines = [line for line in whole.strip("\n").split("\n") if line.strip()][:_LINES]
    return "\n".join("    " + line for line in lines)
