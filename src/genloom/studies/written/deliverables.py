"""The study: every written question, in the order of the assignments."""

from genloom.studies.study import Study
from genloom.studies.written.proof import Written

WRITTEN: tuple[Written, ...] = (
    # S0
    # S3
    # S4
)  # fmt: skip
"""One line for each, in the order of the page."""

STUDY = Study(
    name="written",
    title="The written questions, proved and checked",
    summary="What the assignments ask on paper: each statement with its derivation, what is wrong where a printed "
            "answer is wrong, and numbers that hold the claim against an answer that is known another way.",
    data="distributions, layers and small sets of data that are generated, and what comes inside the libraries",
    deliverables=tuple(each.deliverable for each in WRITTEN),
    expected={"laptop": "about 4 minutes on 2 CPU cores", "gpu": "the same: nothing here is large"},
    counted="checks hold",
)
