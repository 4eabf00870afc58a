import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="2 Denoising is regression")

with app.setup:
    import marimo as mo
    import numpy as np
    from teaching import Exercise, boxes, break_it, judged, picture, plot, sheet

    from bounds.estimators import dsm
    from bounds.gaussian import Gaussian, spectrum
    from bounds.gram import exact
    from bounds.ledger import claim
    from bounds.replicates import mean
    from bounds.risk import dsm_empirical_risk, dsm_risk, empirical_risk, risk
    from figures import style


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    # 2 · Denoising is regression

    **Question.** A linear score is fitted to $m$ noisy samples in $d$ dimensions by *denoising
    score matching*, DSM: least squares of the noise. How wrong will it be: to the last digit,
    before any sample is drawn?

    The sample is $X_t = e^{-t} X_0 + Z_t$ with noise of variance $\sigma_t^2 = 1 - e^{-2t}$. The
    *score* is $s(t, x) = \nabla \log p_t(x)$, with $p_t$ the density of $X_t$. For Gaussian data of
    mean 0 and covariance $\Sigma$ it is linear, $s(t, x) = -V_t^{-1} x$, with
    $V_t = e^{-2t} \Sigma + \sigma_t^2 I$ the covariance of $X_t$. So DSM is least squares of
    $-Z_t/\sigma_t^2$ on $X_t$. What the score leaves of $-Z_t/\sigma_t^2$, the *residual*, has
    covariance $C_t = \sigma_t^{-2} I - V_t^{-1}$ and, for Gaussian data only, does not depend on
    $X_t$.

    The *risk* of a fit $f$, or *population* risk, is $E\|f(X_t) - s(t, X_t)\|^2$ over a fresh
    $X_t$. The *empirical risk* is the same mean over the $m$ samples. Both have expectations in
    closed form, with $\mathrm{tr}$ the trace:

    $$E\,\mathrm{risk} = \mathrm{tr}\,C_t\,\frac{d}{m - d - 1}, \qquad
      E\,\mathrm{empirical\ risk} = \mathrm{tr}\,C_t\,\frac{d}{m}.$$
    """)
    return


@app.function
def draw_risks(d, m, t, replicates=300, seed=2):
    """Population and empirical risks of DSM over independent data sets, each of m samples."""
    law = Gaussian(spectrum("linear", d))
    generators = [np.random.default_rng([seed, k]) for k in range(replicates)]
    (gram,) = exact(law, m, [t], generators)
    (estimate,) = dsm([gram])
    return risk(law, t, estimate), empirical_risk(law, gram, estimate)


@app.function
def show(d, m, t):
    """The figure and its sentence."""
    law = Gaussian(spectrum("linear", d))
    population, empirical = draw_risks(d, m, t)
    figure, (axes,) = plot()
    edges = np.linspace(0, np.quantile(population, 0.99), 40)
    for values, expected, colour, name in (
        (empirical, dsm_empirical_risk(law, t, m), style.COLOURS[0], "empirical risk"),
        (population, dsm_risk(law, t, m), style.COLOURS[1], "population risk"),
    ):
        axes.hist(
            values,
            edges,
            histtype="stepfilled",
            color=colour,
            alpha=0.5,
            label=f"{name}: mean {values.mean():.4g}",
        )
        axes.axvline(expected, color=colour, ls="--", label=f"formula {expected:.4g}")
    axes.set_xlabel("risk of one data set (the highest hundredth lies further right)")
    axes.set_ylabel("data sets")
    se = population.std(ddof=1) / np.sqrt(population.size)
    text = mo.md(
        rf"$\mathrm{{tr}}\,C_t\,\dfrac{{d}}{{m-d-1}}$ = **{dsm_risk(law, t, m):.4g}**; measured "
        f"over {population.size} data sets: **{population.mean():.4g}** ± {se:.2g}."
    )
    return mo.vstack(
        [picture(figure, f"Histograms of both risks, d = {d}, m = {m}, t = {t}."), text]
    )


@app.cell
def _():
    d = mo.ui.slider(2, 24, value=8, label="dimension d", show_value=True)
    excess = mo.ui.slider(2, 200, value=20, label="samples beyond d, m − d", show_value=True)
    t = mo.ui.slider(0.1, 2.0, 0.1, value=0.5, label="time t", show_value=True)
    mo.vstack([d, excess, t])
    return d, excess, t


@app.cell
def _(d, excess, t):
    show(d.value, d.value + excess.value, t.value)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## Look

    - Move $m - d$ down to 2. The population risk grows a long tail, its mean follows; the empirical
      risk hardly moves. Which of the two would you notice in training?
    - Move $d$ at fixed $m - d$, then $t$. What does $t$ change that $d$ does not?
    """)
    return


@app.cell(hide_code=True)
def _():
    break_it(r"""
    The smallest lie about this formula is $m - d$ for $m - d - 1$. (The $-1$ comes from the
    *inverse Wishart* law: that of the inverse of a Gaussian sample covariance.) Plant it. Then
    raise $m$: from where on can 1000 data sets no longer tell it from the truth? A check that
    accepts both has no *power*, and says so: UNDECIDED.
    """)
    return


@app.cell
def _():
    planted = mo.ui.switch(label="plant the decoy: m − d in place of m − d − 1")
    samples = mo.ui.slider(
        steps=[16, 24, 48, 100, 300, 1000], value=16, label="samples m", show_value=True
    )
    mo.vstack([planted, samples])
    return planted, samples


@app.function
def evidence(m, d=8, replicates=1000):
    """Measured risks at three times, as the ledger's claim takes them."""
    law = Gaussian(spectrum("linear", d))
    return [
        mean(
            {"eigenvalues": law.eigenvalues, "t": t, "m": m, "d": d},
            draw_risks(d, m, t, replicates, seed)[0],
        )
        for seed, t in enumerate((0.2, 0.5, 1.0))
    ]


@app.cell
def _(planted, samples):
    judged(claim("dsm-risk"), evidence(samples.value), planted.value)
    return


@app.cell(hide_code=True)
def _():
    exercises = (
        Exercise(
            r"$\Sigma = I$, $d = 8$, $m = 20$, $t = 0.5$. What is the expected population risk?",
            3.386,
            "C_t = e^{−1}/(1 − e^{−1}) = 0.582 in each coordinate, so tr C_t = 4.656, times 8/11.",
            1.8623,
            "That is the empirical risk, which divides by m: the fit has already adapted to these "
            "very points.",
        ),
        Exercise(
            r"For $d = 8$, what is the smallest $m$ at which the expected population risk is "
            r"finite?",
            10,
            "m − d − 1 must be positive. At m = 9 the fit exists, but its risk has an infinite "
            "mean.",
            9,
            "Least squares has a solution from there on, but what does the formula divide by?",
        ),
        Exercise(
            r"$\Sigma = I$, $m$ and $t$ fixed. By what factor does the expected *empirical* risk "
            r"grow from $d = 64$ "
            r"to $d = 128$?",
            4,
            "tr C_t is proportional to d, and so is d/m: d², the number of parameters.",
            2,
            "tr C_t grows with d as well.",
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
