import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="6 From score error to samples")

with app.setup:
    import marimo as mo
    import numpy as np
    from teaching import Exercise, boxes, break_it, judged, logarithmic, picture, plot, sheet

    from bounds.claim import Measured
    from bounds.estimators import bsm, dsm
    from bounds.gaussian import Gaussian, spectrum
    from bounds.gram import exact
    from bounds.ledger import claim
    from bounds.reverse import SAMPLERS, error_split, exact_scores, thin
    from figures import style

    LAW = Gaussian(spectrum("linear", 4))
    LEVELS = 129
    EVERY = (1, 2, 4, 8, 16, 32)
    PARTS = {
        "score": "estimation",
        "discretisation": "discretisation",
        "initialisation": "start",
        "total": "in all",
    }


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    # 6 · From score error to samples

    **Question.** Scores were learned on 129 noise levels. May one draw samples with 5 of them?

    A *sampler* starts from noise at time $T$ and follows the *scores*, the slopes of the noisy
    data's log density $\log p_t$, back to $t_1$. With linear scores $A_k x$ each step is a linear
    map plus fresh normal noise $w$, $Y' = (a I + b A_k) Y + \sqrt{q}\, w$. The four samplers differ
    in the numbers $a$, $b$ and $q$; *flow* has $q = 0$. What is drawn is Gaussian, and its distance
    to the truth is known without drawing anything.

    The distance is $W_2$, the *Wasserstein distance*: how far, in root mean square, mass must be
    moved to turn one law into the other. Exchanging one ingredient at a time splits it:

    $$W_2(p_{t_1}, \text{drawn}) \;\le\; \text{discretisation} + \text{start} + \text{estimation}.$$

    *Discretisation* is what finite steps cost. It is of first order: *thinning*, to use only every
    $k$-th level, multiplies it by $k$. The *start* is from $N(0, I)$ in place of $p_T$.
    *Estimation* is what scores from $m$ samples cost, $m^{-1/2}$, and hardly minds thinning. So the
    one is cheap to lose until it meets the other.

    Scores are fitted by denoising score matching, *DSM* (lesson 2), or by bootstrapped score
    matching, *BSM* (lesson 5), which uses the level before.
    """)
    return


@app.function
def fitted(m, estimator, last, seed=6):
    """Times and estimated scores A_k on all levels from 0.1 to `last`."""
    times = np.linspace(0.1, last, LEVELS)
    grams = exact(LAW, m, times, np.random.default_rng(seed))
    return times, np.stack(list({"DSM": dsm, "BSM": bsm}[estimator](grams)))


@app.function
def show(log_samples, last, sampler, estimator):
    """The figure and its sentence: the parts of the error against how many levels are left out."""
    times, scores = fitted(10**log_samples, estimator, last)
    splits = []
    for every in EVERY:
        kept = thin(times.size, every)
        splits.append(error_split(LAW, times[kept], scores[kept], sampler).w2)
    figure, (axes,) = plot()
    for k, (part, name) in enumerate(PARTS.items()):
        values = [float(getattr(split, part)) for split in splits]
        axes.plot(
            EVERY,
            values,
            style.MARKERS[k] + "-",
            color=style.INK if part == "total" else style.COLOURS[k],
            label=name,
        )
    logarithmic(axes, x=True, y=True)
    axes.set_xlabel(f"every k-th of {LEVELS} levels")
    axes.set_ylabel("$W_2$ to the truth at t = 0.1")
    met = next((k for k, s in zip(EVERY, splits, strict=True) if s.discretisation > s.score), None)
    text = mo.md(
        f"All {LEVELS} levels: $W_2$ = **{float(splits[0].total):.4g}** ≤ "
        f"{float(splits[0].discretisation):.3g} + {float(splits[0].initialisation):.3g} + "
        f"{float(splits[0].score):.3g}. "
        + (
            f"Discretisation exceeds estimation from k = **{met}** on."
            if met
            else "Estimation dominates throughout."
        )
    )
    alt = (
        f"Parts of the {sampler} sampler's error against thinning, {estimator} scores from "
        f"10^{log_samples} samples."
    )
    return mo.vstack([picture(figure, alt), text])


@app.cell
def _():
    samples = mo.ui.slider(2, 9, value=3, label="samples, m = 10^…", show_value=True)
    last = mo.ui.slider(
        1.0, 5.0, 0.25, value=3.0, label="where the sampler starts, T", show_value=True
    )
    sampler = mo.ui.dropdown(list(SAMPLERS), value="ancestral", label="sampler")
    estimator = mo.ui.dropdown(["DSM", "BSM"], value="BSM", label="scores by")
    mo.vstack([samples, last, sampler, estimator])
    return estimator, last, sampler, samples


@app.cell
def _(estimator, last, sampler, samples):
    show(samples.value, last.value, sampler.value, estimator.value)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## Look

    - With $m = 1000$, how many levels may be left out before it shows? With $m = 10^8$?
    - Lower $T$ to 1. Which part takes over, and which sampler suffers most?
    """)
    return


@app.cell(hide_code=True)
def _():
    break_it(r"""
    The claim: thinning by $k$ multiplies the discretisation by $k$. Its decoy: by $\sqrt k$, half
    an order. Plant it. Then take fewer levels to begin with: the claim is about small steps, and
    stops being true.
    """)
    return


@app.function
def evidence(steps, sampler):
    """Discretisation with every k-th of `steps` levels
    over that with all, as the ledger's claim takes it.
    """
    times = np.linspace(0.1, 2.1, steps)
    scores = exact_scores(LAW, times)

    def discretisation(every):
        kept = thin(steps, every)
        return float(error_split(LAW, times[kept], scores[kept], sampler).w2.discretisation)

    whole = discretisation(1)
    return [
        Measured({"every": float(k), "sampler": sampler}, discretisation(k) / whole)
        for k in (2, 4, 8)
    ]


@app.cell
def _():
    planted = mo.ui.switch(label="plant the decoy: √k")
    levels = mo.ui.slider(
        steps=[17, 33, 65, 129, 257], value=257, label="levels to begin with", show_value=True
    )
    mo.vstack([planted, levels])
    return levels, planted


@app.cell
def _(levels, planted, sampler):
    judged(claim("thinning-discretisation"), evidence(levels.value, sampler.value), planted.value)
    return


@app.cell(hide_code=True)
def _():
    exercises = (
        Exercise(
            r"The ancestral sampler is started from $N(0, I)$ at $T$. Roughly by what factor does "
            r"the start's part of "
            r"$W_2$ fall when $T$ goes from 3 to 4?",
            54.6,
            "Like e^{−4T}: p_T is off by e^{−2T}, and the sampler forgets as much again.",
            7.39,
            "That is how far p_T itself is from N(0, I). The noise of the sampler forgets, too.",
            tolerance=0.05,
        ),
        Exercise(
            r"KL, the *Kullback-Leibler divergence*, is the mean log ratio of two densities. "
            r"The step is halved, scores and start exact. By what factor does **KL** fall?",
            4,
            "W2 is of first order in the step, KL of second.",
            2,
            "That is W2. Near its minimum KL is a square.",
            tolerance=0.05,
        ),
        Exercise(
            r"The estimation part of $W_2$ is to be halved. By what factor must $m$ grow?",
            4,
            "m^{−1/2}.",
            2,
            "The score's *squared* error falls like 1/m.",
            tolerance=0.05,
        ),
    )
    answers = boxes(exercises)
    return answers, exercises


@app.cell
def _(answers, exercises):
    sheet(exercises, answers)
    return


if __name__ == "__main__":
    app.run()
