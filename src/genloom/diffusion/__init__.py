"""Diffusion models: schedules, predictions, denoisers, samplers, guidance, likelihoods and exact oracles.

Functions that are called what their module is called stay there: `genloom.diffusion.grid.grid`,
`genloom.diffusion.prediction.prediction`, `genloom.diffusion.samplers.ddim.ddim` and its sisters.
"""

from genloom._lazy import lazy

_NAMES = {
    "schedule": "EDM Level Rectified SCHEDULES Schedule VarianceExploding VariancePreserving"
                " cosine exponential geometric linear sigmoid",
    "prediction": "Estimate PREDICTIONS solve target",
    "denoiser": "Denoiser NetworkDenoiser",
    "grid": "CLEAN SPACINGS",
    "samplers.registry": "SAMPLERS Sampler sample states trajectory",
    "samplers.state": "State",
    "loss": "denoising_loss loss_weight",
    "times": "time_law",
    "method": "Denoising",
    "classification": "Classification log_prob_of noisy_logits",
    "guidance": "autoguidance classifier classifier_free classifier_gradient clean_classifier clipped masked through"
                " toward",
    "inpainting": "dps posterior_guided repaint white_spread",
    "latent": "Autoencoding LatentSpace kl_to_standard",
    "likelihood": "Bound elbo",
    "bits": "Bits bits_per_dimension flow_bits",
    "probability_flow": "ode_decode ode_encode ode_log_likelihood",
    "prior": "GaussianPrior OraclePrior Prior cloud_prior moment_matched standard_prior",
    "oracle.base": "Oracle",
    "oracle.bayes": "bayes_loss",
    "oracle.boxes": "BoxOracle square",
    "oracle.cloud": "CloudOracle",
    "oracle.mixture": "MixtureOracle",
    "oracle.posterior": "condition",
}

__all__, __getattr__, __dir__ = lazy(__name__, {
    name: module for module, names in _NAMES.items() for name in names.split()
})
