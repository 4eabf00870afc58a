import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="1 The forward process and Tweedie")

with app.setup:
    import marimo as mo
    import numpy as np
    from teaching import Exercise, boxes, break_it, judged, picture, plot, sheet

    from bounds.claim import Claim
    from bounds.mixture import Mixture
    from bounds.process import noise_variance, simulate
    from bounds.replicates import mean
    from bounds.targets import denoising
    from figures import style


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    # 1 · The forward process and Tweedie

    **Question.** You see one noisy number $X_t = e^{-t} X_0 + Z_t$: a *datum* $X_0$, shrunk, and
    noise $Z_t$. What is the noise in it worth, on average? And what has that to do with the density
    of $X_t$, which you have never seen?

    This is the *forward process*: the later the time $t$, the less datum and the more noise. The
    noise is $Z_t \sim N(0, \sigma_t^2)$ with $\sigma_t^2 = 1 - e^{-2t}$. The *score* is the slope
    of the log density, $s(t, x) = \nabla \log p_t(x)$, with $p_t$ the density of $X_t$. *Tweedie's
    formula* says, for **every** law of the data, that the *target* $-Z_t/\sigma_t^2$ has the score
    for its mean given $X_t$:

    $$E\left[-\tfrac{Z_t}{\sigma_t^2} \,\middle|\, X_t = x\right] = s(t, x).$$

    So whoever predicts noise learns the score. What is left over is the *residual*
    $U_t = Z_t/\sigma_t^2 + s(t, X_t)$. Its variance given $X_t = x$ is
    $C_t(x) = 1/\sigma_t^2 + \nabla^2 \log p_t(x)$, with $\nabla^2$ the second derivative: it does
    not go away with more data.

    The figure's data have two *modes*, peaks of the density. A *path* is one datum with its noise.
    """)
    return


@app.function
def law(gap):
    """Two modes at ± gap/2, the left one three times as heavy."""
    return Mixture(np.array([0.75, 0.25]), np.array([[-gap / 2], [gap / 2]]), np.array([[0.1]]))


@app.function
def paths(gap, t, count=10000, seed=1):
    """X_t and −Z_t/σ_t² of simulated paths, shape (count,) each."""
    rng = np.random.default_rng(seed)
    (at_t,) = simulate(law(gap).sample(count, rng), [t], rng)
    return at_t.x[:, 0], denoising(at_t)[:, 0]


@app.function
def binned(x, bins=24):
    """Edges with equally many points between them, and the bin of each point."""
    edges = np.quantile(x, np.linspace(0, 1, bins + 1))
    return edges, np.clip(np.searchsorted(edges, x, side="right") - 1, 0, bins - 1)


@app.function
def show(gap, t):
    """The figure and its sentence."""
    mixture = law(gap)
    x, targets = paths(gap, t)
    score = mixture.score(t, x[:, None])[:, 0]
    edges, place = binned(x)
    counts = np.bincount(place)
    middle, averages = (np.bincount(place, values) / counts for values in (x, targets))
    grid = np.linspace(edges[0], edges[-1], 200)
    figure, (left, right) = plot(2)
    left.plot(grid, np.exp(mixture.log_density(t, grid[:, None])), color=style.INK)
    left.set_xlabel("x")
    left.set_ylabel("density of $X_t$")
    right.plot(
        x[::20],
        targets[::20],
        ".",
        ms=2,
        color=style.FAINT,
        alpha=0.4,
        label=r"$-Z_t/\sigma_t^2$, single paths",
    )
    right.plot(
        grid, mixture.score(t, grid[:, None])[:, 0], color=style.COLOURS[1], label="score s(t, x)"
    )
    right.plot(middle, averages, "o", color=style.COLOURS[0], label="their averages, 24 bins")
    right.set_xlabel("x")
    right.set_ylabel("targets and score")
    expected = np.mean(mixture.residual_covariance(t, x[:, None]))
    text = mo.md(
        rf"$E\,C_t$ = **{expected:.4g}** by formula; the mean square of what the score leaves "
        f"over is **{np.mean((targets - score) ** 2):.4g}** over {x.size} paths."
    )
    alt = (
        f"Density and score at t = {t}, modes {gap} apart; averages of the noise lie on the score."
    )
    return mo.vstack([picture(figure, alt), text])


@app.cell
def _():
    t = mo.ui.slider(0.05, 2.0, 0.05, value=0.3, label="time t", show_value=True)
    gap = mo.ui.slider(0.0, 4.0, 0.25, value=2.5, label="distance of the modes", show_value=True)
    mo.vstack([t, gap])
    return gap, t


@app.cell
def _(gap, t):
    show(gap.value, t.value)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## Look

    - Single paths say next to nothing about the score, averages nearly everything. Where are
      averages worst, and why?
    - Let $t$ grow. Which straight line does every score become, and what has happened to the data?
    """)
    return


@app.cell(hide_code=True)
def _():
    break_it(r"""
    Noise has two natural units, $\sigma_t$ and $\sigma_t^2$. Plant the wrong one. At which $t$ does
    it hardly matter?
    """)
    return


@app.function
def tweedie(gap, t):
    """The claim of this lesson, and its measurements:
    the average over each bin against the score's.
    """
    mixture = law(gap)
    x, targets = paths(gap, t)
    score = mixture.score(t, x[:, None])[:, 0]
    _, place = binned(x)
    measured = [
        mean({"score": float(score[place == k].mean())}, targets[place == k])
        for k in range(place.max() + 1)
    ]
    claim = Claim(
        name="lesson-1",
        statement=f"The average of −Z_t/σ_t² over each of {len(measured)} bins of X_t is that of "
        f"s(t, x).",
        assumptions="Any law of the data.",
        source="theory.md, identity 1",
        origin="derived",
        kind="tight",
        measurement="this lesson",
        formula=lambda cell: cell["score"],
        decoy=lambda cell: cell["score"] * float(np.sqrt(noise_variance(t))),
        decoy_note="σ_t for σ_t²",
    )
    return claim, measured


@app.cell
def _():
    planted = mo.ui.switch(label="plant the decoy: σ_t for σ_t²")
    planted
    return (planted,)


@app.cell
def _(gap, planted, t):
    judged(*tweedie(gap.value, t.value), planted.value)
    return


@app.cell(hide_code=True)
def _():
    exercises = (
        Exercise(
            r"Data $N(0, 1)$. What is the score of $X_t$ at $x = 1$, $t = 0.5$?",
            -1,
            "X_t has the variance e^{−2t} + σ_t² = 1 at every t, and the score is −x over it.",
            -1.58198,
            "You divided by the noise's variance; the score divides by the variance of X_t.",
        ),
        Exercise(
            r"Data $N(0, 4)$. What is the variance of $X_t$ at $t = 0.5$?",
            2.10364,
            "4 e^{−2t} + 1 − e^{−2t}.",
            4.63212,
            "The data shrink too, by e^{−t}.",
        ),
        Exercise(
            r"Data $N(0, 4)$, $t = 0.5$. What is $C_t$, the part of the target's variance that no "
            r"$f(x)$ explains?",
            1.10661,
            "1/σ_t² − 1/v, with v the variance of X_t.",
            1.58198,
            "That is the whole variance of the target; the score explains 1/v of it, v = Var X_t.",
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
