"""What each command of `dimfree` does, and examples of its use."""

COMMANDS = {
    "reproduce": (
        "all studies, verdicts, figures and paper_repro.md",
        "--preset quick",
        "--out figures/results --report paper_repro.md",
    ),
    "run": (
        "one study: DIR/STUDY.csv and DIR/STUDY.json",
        "error-vs-dimension --preset quick",
        "error-vs-dimension --config mine.toml --out results/mine",
        "mine.py:STUDY",
    ),
    "draw": (
        "figures, from results that are there",
        "figure-3a",
        "'beyond-*' --from results/quick --out pictures",
        "samplers --no-caption --width 10 --dpi 150",
    ),
    "verify": (
        "the claims, each with its decoy",
        "kappa-gaussian",
        "'bootstrap-*' --json",
        "--paper wang_vastola_2024",
        "--claims mine.py",
    ),
    "explain": (
        "one claim: what, why, from where, its decoy and last verdict",
        "kappa-gaussian",
    ),
    "report": (
        "one HTML page of figures and claims, from results that are there",
        "",
        "--from results/quick --claims mine.py",
    ),
    "estimate": (
        "linear scores of your data by every estimator, and which to use",
        "data.csv",
        "data.npy --times 0.1,0.5,1 --estimators dsm,path --redraws 4 --out results/mine",
    ),
    "bench": ("what things cost here, as ratios within one run", "", "--out results/bench"),
    "fit": (
        "errors against dimension, from a table: slope, law, power, what would decide",
        "errors.csv",
        "errors.csv --x d --y error --replicate seed --scale loglogd --plot fit.png",
    ),
    "bound": (
        "the risk bound for a grid of times and a class of laws, or the m for it",
        "--times 0.1:2:0.1 --hypotheses 1e6 --samples 10000",
        "--times 1 --law gaussian --eigenvalue 4 --parameters 64 --target 0.01",
    ),
    "list": ("papers, studies, figures, claims, estimators, presets", "", "claims"),
    "completion": (
        "a script that makes your shell complete words of dimfree",
        "bash > ~/.local/share/bash-completion/completions/dimfree",
        "zsh > ~/.zfunc/_dimfree",
    ),
}
"""What each command does, and words that may follow it."""
