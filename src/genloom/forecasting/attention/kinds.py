"""The kinds of attention by name, each with what it costs and what it can do."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from genloom.errors import InputError, UnknownName
from genloom.forecasting.attention import autocorrelation, full, linear, local, logsparse, performer, probsparse, sparse
from genloom.forecasting.attention.options import Options, Setting

Attention = Callable[[Tensor, Tensor, Tensor, Setting], Tensor]
"""(q, k, v, setting) → (B, H, Lq, e)."""
Weights = Callable[[Tensor, Tensor, Setting], Tensor]
"""(q, k, setting) → the matrix (B, H, Lq, Lk) that is applied to the values."""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """An attention and what is known of it.

    run      (q, k, v, setting) → (B, H, Lq, e)
    matrix   (q, k, setting) → (B, H, Lq, Lk), what `run` applies to v
    summary  one line
    source   where it comes from
    cost     time as the length grows; m features, l stride, w window
    causal   whether it can hide what comes later
    cross    whether queries may be of another length than keys
    masks    whether it takes any mask
    drops    whether it takes dropout
    leaks    whether, as published, its causal form shows the future, or a sample sees the others of its batch
    sums     whether rows of its matrix always sum to 1
    """

    name: str
    run: Attention
    matrix: Weights
    summary: str
    source: str
    cost: str
    causal: bool = True
    cross: bool = False
    masks: bool = False
    drops: bool = False
    leaks: bool = False
    sums: bool = True


_ALL = (
    Kind(name="full", run=full.fused, matrix=full.weights, cross=True, masks=True, drops=True, cost="L²",
         summary="softmax over every key, by the fused kernel", source="Vaswani et al. 2017, Eq. 1"),
    Kind(name="materialised", run=full.materialised, matrix=full.weights, cross=True, masks=True, drops=True,
         cost="L², also in memory", summary="the same with its matrix written out",
         source="Vaswani et al. 2017, Eq. 1"),
    Kind(name="local", run=local.local, matrix=local.weights, drops=True, cost="L·w",
         summary="softmax over the neighbours at most w steps away", source="Child et al. 2019, section 4.3"),
    Kind(name="strided", run=sparse.strided, matrix=sparse.strided_weights, drops=True, cost="L·(l + L/l)",
         summary="neighbours and every l-th step", source="Child et al. 2019, section 4.3"),
    Kind(name="fixed", run=sparse.fixed, matrix=sparse.fixed_weights, drops=True, cost="L·(l + c·L/l)",
         summary="the own block and the last places of every block", source="Child et al. 2019, section 4.3"),
    Kind(name="logsparse", run=logsparse.logsparse, matrix=logsparse.weights, drops=True, cost="L·log L",
         summary="steps at distances 1, 2, 4, 8, …", source="Li et al. 2019, Eq. 5"),
    Kind(name="performer", run=performer.performer, matrix=performer.weights, cross=True, cost="L·m",
         summary="softmax by positive orthogonal random features (FAVOR+)", source="Choromanski et al. 2021, Lemma 1"),
    Kind(name="linear", run=linear.linear, matrix=linear.weights, cross=True, cost="L·d",
         summary="the kernel φ(q)·φ(k) with φ = elu + 1", source="Katharopoulos et al. 2020, Eq. 7"),
    Kind(name="probsparse", run=probsparse.probsparse, matrix=probsparse.weights, cross=True, cost="L·log L",
         summary="full attention for queries that stand out, means for others; its causal form repaired",
         source="Zhou et al. 2021, Alg. 1"),
    Kind(name="probsparse-published", run=probsparse.published, matrix=probsparse.published_weights, cross=True,
         cost="L·log L", leaks=True, sums=False,
         summary="the same as published: its causal form shows the future", source="Zhou et al. 2021, Alg. 1"),
    Kind(name="autocorrelation", run=autocorrelation.autocorrelation, matrix=autocorrelation.weights, causal=False,
         cross=True, cost="L·log L", sums=False,
         summary="values shifted by the lags that correlate most; looks round the ends",
         source="Wu et al. 2021, Eq. 5–6"),
    Kind(name="autocorrelation-published", run=autocorrelation.published, matrix=autocorrelation.published_weights,
         cross=True, cost="L·log L", leaks=True, sums=False,
         summary="the same as published: a mask is ignored, training mixes the samples of a batch",
         source="Wu et al. 2021, Alg. 2"),
)

KINDS: dict[str, Kind] = {kind.name: kind for kind in _ALL}
"""Every kind of attention by its name."""


def attend(kind: str, q: Tensor, k: Tensor, v: Tensor, *, causal: bool = False, mask: Tensor | None = None,
           options: Options | None = None) -> Tensor:
    """What queries (B, H, Lq, d) take from values (B, H, Lk, e) by their keys (B, H, Lk, d): (B, H, Lq, e).

    causal    no query looks at a later key: j ≤ i + Lk − Lq, so that the queries are the last ones of the keys
    mask      bool, to (B, H, Lq, Lk) by broadcasting, True where a query may look; for kinds that have `masks`
    options   the kind's own numbers; the defaults where None

    Errors: `UnknownName` for another kind; `InputError` for shapes that do not fit or what the kind cannot do.
    """
    found, setting = _ready(kind, q, k, Setting(causal, mask, options or _DEFAULT))
    if v.shape[:3] != k.shape[:3]:
        raise InputError("v", tuple(v.shape), f"of as many rows as the keys, {tuple(k.shape[:3])} and its own width")
    return found.run(q, k, v, setting)


def weights(kind: str, q: Tensor, k: Tensor, *, causal: bool = False, mask: Tensor | None = None,
            options: Options | None = None) -> Tensor:
    """The matrix (B, H, Lq, Lk) that `attend` applies to the values, without dropout: attend = weights @ v, exactly.

    Its rows sum to 1 for kinds that have `sums`. It takes O(L²) memory whatever the kind; arguments and errors as
    `attend`.
    """
    found, setting = _ready(kind, q, k, Setting(causal, mask, options or _DEFAULT))
    return found.matrix(q, k, setting)


_DEFAULT = Options()


def _ready(name: str, q: Tensor, k: Tensor, setting: Setting) -> tuple[Kind, Setting]:
    if name not in KINDS:
        raise UnknownName("attention", name, tuple(KINDS))
    kind = KINDS[name]
    if q.ndim != 4 or k.ndim != 4 or q.shape[:2] != k.shape[:2] or q.shape[3] != k.shape[3]:
        raise InputError("q, k", (tuple(q.shape), tuple(k.shape)), "(B, H, Lq, d) and (B, H, Lk, d)")
    _can(kind, q.shape[2], k.shape[2], setting)
    return kind, setting


def _can(kind: Kind, queries: int, keys: int, setting: Setting) -> None:
    """Errors: `InputError` for what a kind cannot do, so that nothing that is asked for is left out silently."""
    others = f"use {', '.join(other.name for other in _ALL if other.masks)}"
    if queries != keys and not kind.cross:
        raise InputError("attention", kind.name, f"a kind for {queries} queries and {keys} keys; {kind.name} is for"
                         " self-attention", others)
    if setting.causal and not kind.causal:
        raise InputError("attention", kind.name, "a kind that can be causal", others)
    if setting.causal and (queries > keys or (queries != keys and not kind.masks)):
        raise InputError("causal", True, f"False for {queries} queries and {keys} keys with {kind.name}")
    if setting.mask is not None and not kind.masks:
        raise InputError("attention", kind.name, "a kind that takes any mask", others)
    if setting.dropout and not kind.drops:
        raise InputError("attention.dropout", setting.dropout, f"0: {kind.name} has no weights to drop", others)
