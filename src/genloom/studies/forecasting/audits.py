"""The audit of every kind of model that the study trained, and of what an audit must catch."""

from collections.abc import Sequence
from dataclasses import replace

from genloom.forecasting.audit.check import Check
from genloom.recipes.audit_forecaster import audit_run
from genloom.recipes.build_forecaster import NAME, ForecasterExperiment
from genloom.recipes.experiment import build
from genloom.report.numbers import at_least, near, number
from genloom.report.results import Result, Table
from genloom.studies.context import Context
from genloom.studies.forecasting.best import chosen, models
from genloom.studies.forecasting.work import Model, masked, of_kind, of_mask, sizes, standard
from genloom.studies.study import Answer, deliverable

LEAKING = "ProbSparse as published, causal, untrained"


def sound(context: Context) -> dict[str, Model]:
    """Every kind of model whose score is told, the first seed of each but for the standard Transformer."""
    forms = dict.fromkeys((chosen(context, sizes(context).lookbacks[0]), chosen(context)))
    return {**{each.trained.name: each for each in standard(context)},
            **{kind: of_kind(context, kind)[0] for kind in sizes(context).kinds},
            **{str(form): models(context, form)[0] for form in forms},
            "step by step, causal": of_mask(context, "autoregressive", "causal")}


def audited(context: Context) -> dict[str, tuple[Check, ...]]:
    """The checks of each of them."""
    return context.once("audits", lambda: {
        name: audit_run(model.experiment, model.networks, model.trained.path)
        for name, model in sound(context).items()})


def caught(context: Context) -> dict[str, tuple[Check, ...]]:
    """The checks of models that leak: one trained without a mask, one with an attention that shows the future."""
    def work() -> dict[str, tuple[Check, ...]]:
        bare = of_mask(context, "autoregressive", "none")
        base = masked(context, "autoregressive", "causal")
        leaking = build(replace(base, network=replace(base.network, attention="probsparse-published")),
                        context.data_root)
        assert isinstance(leaking, ForecasterExperiment)
        return {"step by step, no mask": audit_run(bare.experiment, bare.networks, bare.trained.path),
                LEAKING: audit_run(leaking, {NAME: leaking.network.eval()})}

    return context.once("caught", work)


def failing(checks: Sequence[Check]) -> list[Check]:
    """Those that fail."""
    return [check for check in checks if check.verdict == "fail"]


@deliverable("audit", "The audit",
             question="Is every score above what it says? Perturb the future, permute the batch, change its size, run "
                      "twice, refit the scaler, count windows, look behind masks and for the best epoch.")
def audit(context: Context) -> Answer:
    """All checks of all models, and models that leak beside them."""
    found, bad = audited(context), caught(context)
    failed = [f"{name}: {check.name}, {check.said}" for name, checks in found.items() for check in failing(checks)]
    return Answer(
        text=("Errors that are too good have simple causes: an output that sees what it shall forecast, normalisation "
              "over a batch, a scaler that knows the test, dropped windows, an error that is no number and is called "
              "the least. Each check changes one thing that must not matter, and measures how much forecasts change.",
              "All checks pass for all models." if not failed else "Failed: " + "; ".join(failed) + ".",
              "Two models that leak show that the checks see: a decoder taught without a mask, and ProbSparse "
              "attention "
              "as published, whose causal form shows the future."),
        tables=(_table("Checks of each model; numbers are largest changes in units of the forecasts' root mean square, "
                       "or as the check says.", found), _table("The same of models that leak.", bad)),
        results=(
            near(Result(name="checks that fail", value=len(failed), known=0, known_name="none",
                        n=sum(len(checks) for checks in found.values())), 0),
            *(at_least(Result(name=f"checks that fail: {name}", value=len(failing(checks)), known=1,
                              known_name="the leak is found, at least", n=len(checks)), 1)
              for name, checks in bad.items()),
        ),
        formula="max |f(x′) − f(x)| / rms f(x), where x′ differs by what must not matter",
        source="genloom.forecasting.audit; `genloom audit RUN`",
    )


def _table(caption: str, found: dict[str, tuple[Check, ...]]) -> Table:
    names = list(dict.fromkeys(check.name for checks in found.values() for check in checks))
    rows = []
    for name, checks in found.items():
        by = {check.name: check for check in checks}
        rows.append((name, *(_cell(by.get(each)) for each in names)))
    return Table(header=("model", *names), rows=tuple(rows), caption=caption)


def _cell(check: Check | None) -> str:
    if check is None:
        return "—"
    return check.verdict if check.number is None else f"{check.verdict} ({number(check.number, 2)})"
