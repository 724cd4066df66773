"""S0.1: attention from scratch beside an independent reference, and mistakes that the comparison names."""

import math
from collections.abc import Callable

from torch import Tensor
from torch.nn import functional as F

from genloom.forecasting.attention.check import Finding, check
from genloom.forecasting.attention.kinds import KINDS, attend
from genloom.forecasting.attention.own import Own, check_kinds
from genloom.report.numbers import at_most, near
from genloom.report.results import Result, Table
from genloom.studies.context import Context
from genloom.studies.study import Answer, deliverable

_ROUNDING = 1e-5  # of float32, after sums over 48 keys


def ours(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    """genloom's full attention as a function that anybody could have written."""
    return attend("materialised", q, k, v, mask=mask)


def torchs(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    """The one that comes with torch."""
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


def _unscaled(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    scores = q @ k.transpose(-2, -1)
    return _weights(scores, mask) @ v


def _overscaled(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    return _weights(q @ k.transpose(-2, -1) / q.shape[-1], mask) @ v


def _columns(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    return (scores if mask is None else scores.masked_fill(~mask, -math.inf)).softmax(-2) @ v


def _late(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    weights = (q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])).softmax(-1)
    return (weights if mask is None else weights * mask) @ v


def _blind(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    return attend("materialised", q, k, v)


def _weights(scores: Tensor, mask: Tensor | None) -> Tensor:
    return (scores if mask is None else scores.masked_fill(~mask, -math.inf)).softmax(-1)


MISTAKES: dict[str, Callable[..., Tensor]] = {
    "scores are not divided by √d": _unscaled, "scores are divided by d": _overscaled,
    "softmax over the queries": _columns, "the mask multiplies weights after the softmax": _late,
    "the mask is not used": _blind}
"""Attentions as they are often written wrongly."""


@deliverable("S0.1", "Attention from scratch",
             question="Implement attention. Compared with an independent reference, is its relative error close to 0?")
def attention(context: Context) -> Answer:
    """Every kind beside its definition in float64, and what is said of wrong ones."""
    own, right = check_kinds(), {"genloom's": check(ours, "genloom's"), "torch's": check(torchs, "torch's")}
    wrong = {what: check(function, what) for what, function in MISTAKES.items()}
    named = sum(not found.right for found in wrong.values())
    return Answer(
        text=("The reference is written apart from what it judges: plain loops over batch and heads, in numpy, in "
              "float64. `genloom attention-check FILE.py` holds the reader's own function beside it, tries both "
              "layouts of heads, with and without a mask, and names what is wrong.",
              "Each kind of attention that this study uses stands beside the definition of its paper in the same way, "
              "and so does the matrix that it says it applies. Of causal kinds all that comes after the middle is "
              "changed: what comes before must not change at all. The published form of ProbSparse attention shows "
              "the future, and is marked so."),
        tables=(_kinds(own), _mistakes({**right, **wrong})),
        results=(
            at_most(Result(name="relative error of attention in float32", value=right["genloom's"].relative_error,
                           known=0.0, known_name="the reference in float64", n=2), _ROUNDING),
            at_most(Result(name="the same of torch's own", value=right["torch's"].relative_error, known=0.0,
                           known_name="the reference in float64", n=2), _ROUNDING),
            at_most(Result(name="largest relative error of all kinds", known=0.0, known_name="their papers' "
                                                                                             "definitions",
                           value=max(max(one.relative_error, one.matrix_error) for one in own), n=len(own)),
                    _ROUNDING),
            near(Result(name="kinds whose causal form changes with the future, as published ones do", known=_leaking(),
                        known_name="those that are published "
                                   "so", value=sum(one.future > 0 for one in own if one.causal),
                        n=sum(one.causal for one in own)), 0),
            near(Result(name="mistakes that are found", value=named, known=len(MISTAKES), known_name="all",
                        n=len(MISTAKES)), 0),
        ),
        formula="attention(q, k, v) = softmax(q kᵀ / √d + m) v,   m = 0 where a query may look, −∞ where not",
        source="Vaswani et al. 2017, Eq. 1",
    )


def _leaking() -> int:
    return sum(kind.leaks and kind.causal for kind in KINDS.values())


def _kinds(own: list[Own]) -> Table:
    rows = tuple((one.kind, "causal" if one.causal else "all", f"{one.relative_error:.1e}", f"{one.matrix_error:.1e}",
                  f"{one.future:.1e}" if one.causal else "—", f"{one.full:.2f}", KINDS[one.kind].source)
                 for one in own)
    return Table(header=("kind", "sees", "relative error", "of its matrix", "change by the future", "from full",
                         "source"), rows=rows,
                 caption="Normal queries, keys and values (2, 2, 48, 8). The last but one column is how far the kind "
                         "is from full attention where keys have no structure.")


def _mistakes(found: dict[str, Finding]) -> Table:
    rows = tuple((what, "right" if each.right else "wrong", each.verdict,
                  "; ".join(fault.remedy for fault in each.faults) or "—") for what, each in found.items())
    return Table(header=("attention", "found", "what is said", "remedy"), rows=rows,
                 caption="What `genloom attention-check` says of two right attentions and of five wrong ones.")
