"""The study: every written question, in the order of the assignments."""

from genloom.studies.study import Study
from genloom.studies.written import (
    bayes_step,
    denoising_terms,
    density,
    direct,
    elbo,
    elbo_steps,
    elbo_surgery,
    forward_chain,
    gan_theory,
    graphs,
    infonce,
    inpainting_loss,
    masked_score,
    masking,
    masks,
    one_step,
    padding,
    posterior,
    posterior_mean,
    product_of_betas,
    stepwise,
    tagger,
    transfer,
    zero_shot,
)
from genloom.studies.written.proof import Written

WRITTEN: tuple[Written, ...] = (
    # S0
    masks.WHY,
    masks.HOW,
    forward_chain.CONVERGENCE,
    posterior.MEAN_AND_VARIANCE,
    # S3
    padding.COUNTS,
    padding.LAYER,
    graphs.LANGUAGE_MODEL,
    tagger.TAGGER,
    graphs.FACTOR_GRAPH,
    inpainting_loss.MASKED,
    inpainting_loss.GAME,
    inpainting_loss.LACKS,
    elbo_surgery.SURGERY,
    elbo_steps.STEPS,
    stepwise.STEPWISE,
    one_step.REPARAMETERISED,
    direct.DIRECT,
    bayes_step.STEP,
    denoising_terms.DENOISING,
    # S4
    gan_theory.BEST,
    gan_theory.VALUE,
    gan_theory.VANISHING,
    elbo.BOUND,
    density.DENSITY,
    product_of_betas.OF_BETAS,
    posterior_mean.MEAN,
    masked_score.MASKED,
    transfer.TRANSFER,
    masking.RATE,
    infonce.INFONCE,
    zero_shot.ZERO_SHOT,
)  # fmt: skip
"""In the order of the page, one line for each."""

STUDY = Study(
    name="written",
    title="The written questions, proved and checked",
    summary="What the assignments ask on paper: each statement with its derivation, what is wrong where a printed "
            "answer is wrong, and numbers that hold the claim against an answer that is known another way.",
    data="distributions, layers and small sets of data that are generated, and what comes inside the libraries",
    deliverables=tuple(each.deliverable for each in WRITTEN),
    expected={"laptop": "about 2 minutes on 2 CPU cores", "gpu": "the same: nothing here is large"},
    counted="checks hold",
)
