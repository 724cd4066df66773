"""What a graph says of independence, by its paths alone, and what a table of probabilities says of it."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, combinations
from typing import NamedTuple

from torch import Tensor


class Statement(NamedTuple):
    """Variables `a` and `b` are independent once those of `given` are known."""

    a: int
    b: int
    given: frozenset[int]


Parents = Sequence[frozenset[int]]
"""Of each node of a directed graph, the nodes whose arrows point at it; all of them come before it."""


def complete(count: int) -> Parents:
    """Every earlier node is a parent: what a product of p(w_n | all before) says.

    >>> [sorted(parents) for parents in complete(3)]
    [[], [0], [0, 1]]
    """
    return [frozenset(range(n)) for n in range(count)]


def line(count: int) -> Parents:
    """The node before is the only parent: a chain of bigrams.

    >>> [sorted(parents) for parents in line(3)]
    [[], [0], [1]]
    """
    return [frozenset(range(max(0, n - 1), n)) for n in range(count)]


def statements(count: int) -> Iterator[Statement]:
    """Every pair of `count` variables with every set of the others, C(count, 2) · 2^(count − 2) in number.

    >>> len(list(statements(5)))
    80
    """
    for a, b in combinations(range(count), 2):
        others = [k for k in range(count) if k not in (a, b)]
        for given in chain.from_iterable(combinations(others, size) for size in range(len(others) + 1)):
            yield Statement(a, b, frozenset(given))


def d_separated(parents: Parents, said: Statement) -> bool:
    """Whether a directed graph says so: no way from a to b past `given` in the moral graph of their ancestors.

    The moral graph joins each node with its parents and the parents with one another. [Lauritzen 1996, Prop. 3.25]
    """
    kept = _ancestors(parents, {said.a, said.b, *said.given})
    return separated([parents[node] | {node} for node in kept], said)


def separated(scopes: Iterable[frozenset[int]], said: Statement) -> bool:
    """Whether a factor graph says so: no way from a to b past `given`, two variables being neighbours that a factor has
    in its scope. [Lauritzen 1996, Prop. 3.8; Kschischang et al. 2001, section II]
    """
    scopes, reached, new = list(scopes), {said.a}, [said.a]
    while new:
        node = new.pop()
        for scope in scopes:
            if node in scope:
                further = scope - reached - said.given
                reached |= further
                new.extend(further)
    return said.b not in reached


def separations_of_a_line(count: int) -> int:
    """How many of `statements` hold on a line: those whose set has one of the g nodes between the two, g ≥ 1.

        Σ_{g≥1} (count − 1 − g) (2^(count − 2) − 2^(count − 2 − g))

    >>> separations_of_a_line(5)
    31
    """
    return sum((count - 1 - g) * (2 ** (count - 2) - 2 ** (count - 2 - g)) for g in range(1, count - 1))


def conditional_information(joint: Tensor, said: Statement) -> float:
    """I(a; b | given) = Σ p log [p(a, b, given) p(given) / (p(a, given) p(b, given))] in nats: 0 where the statement
    holds and more where it does not.

    joint   p of N variables, one axis for each, float64
    """
    rest = [k for k in range(joint.ndim) if k not in (said.a, said.b, *said.given)]
    p = joint.sum(rest, keepdim=True) if rest else joint
    without_a, without_b = p.sum(said.a, keepdim=True), p.sum(said.b, keepdim=True)
    neither = without_a.sum(said.b, keepdim=True)
    terms = p * ((p * neither) / (without_a * without_b)).log()
    return float(terms.where(p > 0, 0.0).sum())


def edges(parents: Parents) -> list[tuple[int, int]]:
    """The arrows, from and to.

    >>> from itertools import pairwise
    >>> edges(line(3)) == list(pairwise(range(3)))
    True
    """
    return [(parent, node) for node, mine in enumerate(parents) for parent in sorted(mine)]


def _ancestors(parents: Parents, nodes: Iterable[int]) -> set[int]:
    """The nodes themselves and all from which arrows lead to them."""
    found, new = set[int](), list(nodes)
    while new:
        node = new.pop()
        if node not in found:
            found.add(node)
            new.extend(parents[node])
    return found
