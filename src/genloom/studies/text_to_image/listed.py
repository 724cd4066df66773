"""The prompts by their families, with the reason of each, which needs no model."""

from genloom.report.numbers import at_least, near
from genloom.report.results import Result, Table
from genloom.studies.context import Context
from genloom.studies.study import Answer, deliverable
from genloom.studies.text_to_image.prompts import FAMILIES, Sheet
from genloom.studies.text_to_image.sheet import options, sheet

_LEAST = 10  # prompts that a sheet of failures should have


@deliverable("prompts", "The prompts and what is expected of them",
             question="In which known ways do text-to-image models fail, and which prompt tries each?")
def listed(context: Context) -> Answer:
    """Each prompt with its family, a right picture, and why models miss it: said before a picture is seen."""
    prompts = sheet(context)
    own = bool(options(context).prompts)
    return Answer(
        text=(f"{len(prompts)} prompts in {len(prompts.families)} families"
              + (" from a file." if own else ", which come with genloom. Another file is taken by `--prompts FILE`: "
                 "YAML, JSON, JSON lines, or a prompt to each line."),
              "The reasons are written down before any picture is drawn, so that a picture can contradict them. Most "
              "of the families come back to two causes. The text encoder learned to tell captions apart, where words "
              "count more than their order; and the picture is made place by place, where each asks the text what "
              "belongs there and none counts, spells or constructs.",
              "Three of the families can be measured without any downloaded weights, on a model of our own whose "
              "pictures have a judge: the items below exchange attributes, count, and ask for what was never seen "
              "together."),
        tables=(_table(prompts),),
        results=_results(prompts, own),
        source="the works that the table names",
    )


def _table(prompts: Sheet) -> Table:
    rows = tuple((each.family or "—", each.prompt, each.expected or "—", each.why or "—", each.source or "—")
                 for each in prompts)
    return Table(header=("family", "prompt", "a right picture", "why models miss it", "source"), rows=rows,
                 caption="What is expected of each prompt.")


def _results(prompts: Sheet, own: bool) -> tuple[Result, ...]:
    families = Result(name="families of failure that are tried", value=len(set(prompts.families) & set(FAMILIES)),
                      known=len(FAMILIES), known_name="families that are known", n=len(prompts))
    if own:  # nobody owes us all families
        return (families,)
    count = Result(name="prompts", value=len(prompts), known=_LEAST, known_name="asked for",
                   tolerance=f"at least {_LEAST}")
    reasons = Result(name="prompts with a reason and its source", known=len(prompts), known_name="all of them",
                     value=sum(bool(each.why and each.source and each.expected) for each in prompts))
    return near(families, 0), at_least(count, _LEAST), near(reasons, 0)
