"""All losses as an item of the report."""

from dataclasses import replace

from genloom.studies.mnist_gans import compared
from genloom.studies.mnist_gans.compared import _ranking, _said, _stable_results, losses, worse
from genloom.studies.mnist_gans.rows import rows


def test_the_item_is_whole(tiny, check) -> None:
    answer = check(losses, tiny)
    assert [row[0] for row in answer.tables[0].rows] == ["non-saturating", "WGAN, clipped", "R3GAN", "real digits"]
    budget = next(result for result in answer.results if result.name.startswith("updates"))
    assert (budget.value, budget.status) == (1, "pass")


def test_a_loss_that_is_stable_once_must_be_stable_always(tiny) -> None:
    row = rows(tiny)[0]
    (_, played, good), (_, _, _) = ((seed, run, row.judged[seed]) for seed, run in row.runs.items())
    real = good._replace(classes=good.classes._replace(seen=len(good.classes.counts)), spread=1.0)
    seeds = list(row.runs)
    never = next(iter(_stable_results([row])))
    once = next(iter(_stable_results([row._replace(judged={**row.judged, seeds[0]: real})])))
    always = next(iter(_stable_results([row._replace(judged=dict.fromkeys(seeds, real))])))
    assert [each.status for each in (never, once, always)] == ["info", "fail", "pass"]
    assert played is row.runs[seeds[0]]


def with_distances(row, values):
    """The row with other distances, by its seeds."""
    judged = {seed: each._replace(scores=replace(each.scores, frechet=value))
              for (seed, each), value in zip(row.judged.items(), values, strict=True)}
    return row._replace(judged=judged)


def test_a_loss_is_behind_where_its_seeds_do_not_explain_it(tiny) -> None:
    best, far, near = (with_distances(row, values) for row, values in
                       zip(rows(tiny), ((1.0, 3.0), (5.0, 7.01), (1.5, 5.0)), strict=True))
    assert worse(far, best), "4 and 4.01 more, whatever the seed"
    assert not worse(near, best), "0.5 and 2 more"
    cut = best._replace(judged={**best.judged, next(iter(best.judged)): None})
    assert not worse(far, cut), "one seed in common says nothing"
    said = _ranking(best.finished[0][0], [best, near, far])
    assert f"of {far.options.said} it lies above 0; of {near.options.said} it does not" in said


def test_a_loss_that_learned_nothing_fails(tiny) -> None:
    found = [result for result in losses.work(tiny).results if result.name.startswith("FD-digits")]
    assert len(found) == 3
    assert "fail" in {result.status for result in found}, "six steps teach nothing"
    assert all("a fifth of the untrained" in result.tolerance for result in found)


def test_what_the_diagnosis_said_is_told_once_for_each_kind(tiny, monkeypatch) -> None:
    from genloom.gan.diagnosis import Finding

    finding = Finding("collapse", "samples are alike", "lower the rate")
    monkeypatch.setattr(compared, "findings", lambda played: [(40, finding), (90, finding)])
    said = list(_said(rows(tiny)))
    assert said == [f"{name}, at step 40: samples are alike. Remedy: lower the rate."
                    for name in ("non-saturating", "WGAN, clipped", "R3GAN")]
