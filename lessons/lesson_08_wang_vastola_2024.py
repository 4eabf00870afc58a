import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="8 Most of a score is Gaussian")

with app.setup:
    import marimo as mo
    import numpy as np
    from teaching import Exercise, boxes, break_it, judged, logarithmic, picture, plot, sheet

    from bounds.claim import Measured
    from bounds.ledger import claim
    from bounds.line import Line
    from figures import style

    FLOOR = claim("unexplained-floor")


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    # 8 · Most of a score is Gaussian

    **Question.** Two *modes*, peaks of a density, and noise as wide as a mode's distance from the
    middle. How much of the score does a straight line explain?

    The *score* $s$ is the slope of the log density. Data with variance $\lambda$, blurred by noise
    of variance $\sigma^2$, have variance $V = \lambda + \sigma^2$. The Gaussian with the same mean
    $\mu$ and variance has the score $s_G = -(x - \mu)/V$, a line. Of the score's *energy* $E\,s^2$,
    its mean square, it leaves the fraction

    $$u = \frac{E (s - s_G)^2}{E\,s^2} \;\ge\; \frac{\text{skewness}^2}{\text{kurtosis} - 1},$$

    at every noise and for every law on the line (Cauchy and Schwarz). With $z = (x - \mu)/\sqrt V$
    the *skewness* is $E\,z^3$ and the *kurtosis* $E\,z^4$. Noise takes skewness away like
    $V^{-3/2}$: this *floor* falls like $\sigma^{-6}$, and at high noise it is all there is. Wang
    and Vastola (2024) found learned scores to be nearly Gaussian at moderate to high noise. They
    skip the first steps of sampling by the Gaussian's own *flow*: $dx/d\sigma = -\sigma s$, which
    carries noise to data, with $s_G$ for $s$. Before it: lesson 1, and what a cumulant is. Twenty
    minutes.
    """)
    return


@app.function
def law(minor):
    """Two modes at ±2 of standard deviation 0.5, as a claim's cell holds them."""
    return {"weights": [1 - minor, minor], "means": [-2.0, 2.0], "variances": [0.25, 0.25]}


@app.function
def fraction(minor, sigma):
    """The unexplained fraction, by sums over a fine grid."""
    blurred = Line(**law(minor)).blurred(sigma)
    reach = 12 * np.sqrt(0.25 + sigma**2)
    x = np.linspace(-2 - reach, 2 + reach, 4001)
    p = np.exp(blurred.log_density(x)) * (x[1] - x[0])
    s = blurred.score(x)
    return float(p @ (s + (x - blurred.mean) / blurred.variance) ** 2 / (p @ s**2))


@app.function
def show(minor, sigma):
    """The figure and its sentence."""
    blurred = Line(**law(minor)).blurred(sigma)
    figure, (left, right) = plot(2)
    x = blurred.mean + np.sqrt(blurred.variance) * np.linspace(-3, 3, 200)
    left.plot(x, blurred.score(x), color=style.COLOURS[0], label="score")
    left.plot(
        x, -(x - blurred.mean) / blurred.variance, "--", color=style.INK, label="the Gaussian's"
    )
    left.set_xlabel("x")
    left.set_ylabel("score at x")
    sigmas = np.geomspace(0.2, 10, 25)
    floors = [FLOOR.formula({**law(minor), "sigma": one}) for one in sigmas]
    right.plot(
        sigmas,
        [fraction(minor, one) for one in sigmas],
        color=style.COLOURS[0],
        label="unexplained",
    )
    right.plot(sigmas, floors, "--", color=style.INK, label="skewness²/(kurtosis − 1)")
    here, floor = fraction(minor, sigma), FLOOR.formula({**law(minor), "sigma": sigma})
    right.plot([sigma], [here], "o", color=style.COLOURS[1])
    logarithmic(right, x=True, y=True)
    right.set_xlabel("noise level σ")
    right.set_ylabel("unexplained part")
    alt = (
        f"Left: a score and the Gaussian's line at σ = {sigma:g}. Right: the unexplained fraction "
        "against σ, above its floor."
    )
    said = (
        f"At σ = {sigma:g} the Gaussian leaves **{100 * here:.4g} %** of the score, the floor is "
        f"**{100 * floor:.4g} %**."
    )
    return mo.vstack([picture(figure, alt), mo.md(said)])


@app.cell
def _():
    minor = mo.ui.slider(
        0.02, 0.5, 0.01, value=0.15, label="weight of the minor mode", show_value=True
    )
    sigma = mo.ui.slider(0.2, 10, 0.1, value=2.0, label="noise level σ", show_value=True)
    mo.vstack([minor, sigma])
    return minor, sigma


@app.cell
def _(minor, sigma):
    show(minor.value, sigma.value)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## Look

    - At $\sigma = 1$ half of the score is unexplained. At $\sigma = 4$ it is a quarter of a per
      cent. What happened between?
    - Weight 0.5: no skewness. What is the floor, and what keeps the fraction from it? (Kurtosis, at
      $\sigma^{-8}$.)
    """)
    return


@app.cell(hide_code=True)
def _():
    break_it(r"""
    The claim is the floor: in it $\lambda_3$ is the skewness, $2 + \lambda_4$ the kurtosis less
    one, and $\kappa_n$ the $n$-th cumulant. Its decoy forgets the kurtosis and takes half of the
    squared skewness, which is right at high noise. Plant it. Then move the weight towards 0.5:
    where does the decoy go unnoticed?
    """)
    return


@app.function
def evidence(minor):
    """The fraction at several noise levels, as the ledger's claim takes it."""
    return [
        Measured({**law(minor), "sigma": s}, fraction(minor, s))
        for s in (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
    ]


@app.cell
def _():
    planted = mo.ui.switch(label="plant the decoy: skewness²/2")
    planted
    return (planted,)


@app.cell
def _(minor, planted):
    judged(FLOOR, evidence(minor.value), planted.value)
    return


@app.cell(hide_code=True)
def _():
    exercises = (
        Exercise(
            r"Along the Gaussian's flow, at which $\sigma$ has the denoised image, the best "
            r"guess of the datum, half of its end in a direction of variance 4?",
            3.4641,
            "It is √(λ/(λ + σ²)) of its end: one half at σ² = 3λ = 12.",
            2.0,
            "That is where the denoiser's own factor λ/(λ + σ²) is one half; x moves as well.",
        ),
        Exercise(
            r"By what factor does the unexplained fraction of the two modes fall from $\sigma = "
            r"16$ to $\sigma = 32$?",
            62.83,
            "Nearly 2⁶: the fraction is κ₃²/(2V³) to leading order.",
            16.0,
            "That is the fourth power. Skewness falls like V^{-3/2}, and the fraction is its "
            "square.",
            tolerance=0.05,
        ),
        Exercise(
            r"A jump by the Gaussian's flow moves mass across a point in proportion to $b^2 - 1$, "
            r"if the share below it is $\Phi(b)$ (the standard normal's). At which share beyond "
            "the point, in per cent and below 50, does it move nothing?",
            15.866,
            "b = 1: 1 − Φ(1).",
            50.0,
            "At the median b = 0, and b² − 1 is not 0.",
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
