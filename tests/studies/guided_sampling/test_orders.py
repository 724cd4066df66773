"""The fit finds the power of a power law, and the solvers' orders on a network."""

import pytest

from genloom.studies.guided_sampling.orders import SOLVERS, order_results, orders, slope


@pytest.mark.parametrize("order", [1, 2, 3])
def test_a_power_law_has_its_power(order: int) -> None:
    assert slope([5, 10, 20, 40], [7.0 * n**-order for n in (5, 10, 20, 40)]) == pytest.approx(order)


def test_only_the_last_three_are_fitted() -> None:
    assert slope([5, 10, 20, 40], [100.0, 0.1, 0.05, 0.025]) == pytest.approx(1)


def test_the_orders_are_found_where_the_denoiser_is_exact_and_on_a_network(tiny) -> None:
    found = orders(tiny)
    assert set(found.network.errors) == set(found.mixture.errors) == set(SOLVERS)
    assert all(result.status == "pass" for result in order_results(found))
    assert 0 < found.ripple < 0.1
