"""The study: its items in the order of the report."""

from genloom.studies.forecasting import looks, masks
from genloom.studies.forecasting.attention import attention
from genloom.studies.forecasting.audits import audit
from genloom.studies.forecasting.best import best
from genloom.studies.forecasting.cost import chosen
from genloom.studies.forecasting.curves import curves
from genloom.studies.forecasting.parts import parts
from genloom.studies.forecasting.reasons import works
from genloom.studies.forecasting.series import at_hand
from genloom.studies.forecasting.techniques import techniques
from genloom.studies.forecasting.tested import test
from genloom.studies.study import Study

STUDY = Study(
    name="forecasting",
    title="The Transformer as a forecaster, and the baselines that it must face",
    summary="Attention beside an independent reference; the standard Transformer, trained from scratch and judged on "
            "all windows of the test part beside forecasts that need no training; what its mask is for, what its "
            "attention looks at and whether that is needed; linear and sparse attention in its place; and what "
            "forecasts best.",
    data=lambda context: at_hand(context.data_root).said,
    deliverables=(attention, parts, curves, test, masks.why, masks.how, looks.steps, looks.meaningful, techniques,
                  chosen, works, best, audit),
    expected={"laptop": "about 50 minutes on 2 CPU cores, most of it training, and 2 GB of disk",
              "gpu": "about two hours on one GPU, and 6 GB of disk"},
)
