"""Which metrics a report is about."""

# What it shows first, and what it calls them.
MAIN = ("distance_to_train", "f_mem", "dcr_share", "energy_heldout")
TITLES = {
    "distance_to_train": "mean distance to the training set (the paper's)",
    "f_mem": "f_mem: share of copies (d1/d2 < 1/3)",
    "dcr_share": "dcr_share: nearer to train than to held-out (fair: 0.5)",
    "energy_heldout": "energy distance to held-out (same: 0)",
}
# Metrics that are tested together, and corrected for being so many: one of each kind, for
# duplicates would count twice.
STUDIED = (
    "distance_to_train",
    "wasserstein_sd_C1",
    "wasserstein_sd_C2",
    "js_divergence_C1",
    "js_divergence_C2",
    "f_mem",
    "dcr_share",
    "delta_nn",
    "authpct",
    "coverage",
    "density",
    "kid",
    "vendi_ratio",
    "energy_heldout",
)
