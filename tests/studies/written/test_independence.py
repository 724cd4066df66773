"""Separation in a graph is independence in what factors over it."""

from itertools import pairwise

import pytest
import torch

from genloom.studies.written.independence import (
    Statement,
    complete,
    conditional_information,
    d_separated,
    edges,
    line,
    separated,
    separations_of_a_line,
    statements,
)


def said(a: int, b: int, *given: int) -> Statement:
    return Statement(a, b, frozenset(given))


def test_a_collider_joins_what_it_is_told_of() -> None:
    """0 → 2 ← 1 and 2 → 3: the causes are independent until their effect, or its effect, is known."""
    graph = [frozenset(), frozenset(), frozenset({0, 1}), frozenset({2})]
    assert d_separated(graph, said(0, 1))
    assert not d_separated(graph, said(0, 1, 2))
    assert not d_separated(graph, said(0, 1, 3))
    assert d_separated(graph, said(0, 3, 2))


def test_a_fork_is_parted_by_its_root() -> None:
    graph = [frozenset(), frozenset({0}), frozenset({0})]
    assert not d_separated(graph, said(1, 2))
    assert d_separated(graph, said(1, 2, 0))


@pytest.mark.parametrize("count", [2, 3, 4, 6])
def test_a_complete_graph_says_nothing_and_a_line_says_what_is_counted(count: int) -> None:
    every = list(statements(count))
    assert len(every) == count * (count - 1) // 2 * 2 ** (count - 2)
    assert not any(d_separated(complete(count), each) for each in every)
    assert sum(d_separated(line(count), each) for each in every) == separations_of_a_line(count)
    pairs = [frozenset(pair) for pair in pairwise(range(count))]
    assert [separated(pairs, each) for each in every] == [d_separated(line(count), each) for each in every]


def test_arrows_of_both() -> None:
    assert len(edges(complete(6))) == 15
    assert len(edges(line(6))) == 5


@pytest.mark.parametrize("graph", [
    complete(4), line(4), [frozenset(), frozenset(), frozenset({0, 1}), frozenset({2})],
    [frozenset(), frozenset({0}), frozenset({0}), frozenset({1, 2})]], ids=["complete", "line", "collider", "diamond"])
def test_a_random_product_over_the_graph_has_its_independences_and_no_others(graph) -> None:
    random, count = torch.Generator().manual_seed(0), len(graph)
    joint = torch.ones((3,) * count, dtype=torch.float64)
    for node, parents in enumerate(graph):
        table = torch.rand([3 if k == node or k in parents else 1 for k in range(count)], generator=random,
                           dtype=torch.float64)
        joint = joint * table / table.sum(node, keepdim=True)
    assert joint.sum().item() == pytest.approx(1)
    for each in statements(count):
        information = conditional_information(joint, each)
        assert (abs(information) < 1e-14) == d_separated(graph, each), each


def test_information_of_two_equal_coins_is_that_of_one() -> None:
    joint = torch.tensor([[0.5, 0.0], [0.0, 0.5]], dtype=torch.float64)
    assert conditional_information(joint, said(0, 1)) == pytest.approx(torch.tensor(2.0).log().item())
