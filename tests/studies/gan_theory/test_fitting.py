"""A trained discriminator is measured against the best one."""

import pytest
import torch

from genloom.gan.oracle import best_logit, best_value
from genloom.studies.gan_theory import fitting
from genloom.studies.gan_theory.pairs import pair, shifted


def test_the_best_logit_has_no_error_and_a_constant_one_has_its_own() -> None:
    table = shifted(2.0).table
    best = best_logit(table.log_p, table.log_q)
    assert fitting.mean_error(best, table) == 0
    p, q = table.shares
    away = float((p + q) @ (best.sigmoid() - 0.5).abs()) / 2
    assert fitting.mean_error(torch.zeros_like(best), table) == pytest.approx(away, rel=1e-12)


def test_what_is_dense_holds_nearly_all_and_leaves_the_thinnest_out() -> None:
    table = shifted(2.0).table
    p, q = table.shares
    kept = fitting.dense(table)
    assert 0.999 <= float((p + q)[kept].sum()) / 2 < 0.9999
    thickness = torch.logaddexp(table.log_p, table.log_q)
    assert thickness[~kept].max() <= thickness[kept].min()


def test_training_comes_nearer_and_what_is_missing_is_what_the_value_lacks(monkeypatch) -> None:
    monkeypatch.setattr(fitting, "BATCH", 256)
    found = fitting.fit(pair("two normals"), 0, steps=120)
    assert found.marks[0] == 1
    assert found.marks[-1] == 120
    assert found.errors[-1] < 0.25 * found.errors[0]
    assert found.missing[-1] == pytest.approx(best_value(found.table) - found.value, abs=1e-9)
    torch.testing.assert_close(found.output(found.table.points), found.logits)


def test_own_draws_are_all_that_it_sees() -> None:
    """The same points in every step: another seed of the draws changes nothing."""
    draws = tuple(side.sample(8, torch.Generator().manual_seed(0))[0] for side in shifted(0.0)[1:3])
    seen = []
    first = fitting.fit(shifted(0.0), 0, draws=draws, steps=3, watch=lambda step, network: seen.append(step))
    assert torch.equal(first.logits, fitting.fit(shifted(0.0), 0, draws=draws, steps=3).logits)
    assert tuple(seen) == first.marks
