"""All losses as an item of the report."""

from genloom.studies.mnist_gans import compared
from genloom.studies.mnist_gans.compared import _said, _stable_results, losses
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


def test_what_the_diagnosis_said_is_told_once_for_each_kind(tiny, monkeypatch) -> None:
    from genloom.gan.diagnosis import Finding

    finding = Finding("collapse", "samples are alike", "lower the rate")
    monkeypatch.setattr(compared, "findings", lambda played: [(40, finding), (90, finding)])
    said = list(_said(rows(tiny)))
    assert said == [f"{name}, at step 40: samples are alike. Remedy: lower the rate."
                    for name in ("non-saturating", "WGAN, clipped", "R3GAN")]
