import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="5 Bootstrapping, and a better weight")

with app.setup:
    import marimo as mo
    import numpy as np
    from teaching import Exercise, boxes, break_it, judged, picture, plot, sheet

    from bounds.estimators import bootstrap, dsm
    from bounds.gaussian import Gaussian, spectrum
    from bounds.gram import exact
    from bounds.ledger import claim
    from bounds.replicates import ratio
    from bounds.risk import bootstrap_risk, dsm_risk, information_bound, risk
    from figures import style

    LAW = Gaussian(spectrum("linear", 8))


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    # 5 · Bootstrapping, and a better weight

    **Question.** The score at $t'$ has been learned. What is it worth for learning the score at
    $t > t'$? And how much should one trust it?

    *Denoising score matching*, DSM, fits the *score* $s(t, x) = \nabla \log p_t(x)$ to the *target*
    $T_1 = -Z_t/\sigma_t^2$ (lesson 2). Two more targets are made from the level before:
    $T_2 = e^{g} s(t', X_{t'})$, the score carried on over the *gap* $g = t - t'$, and
    $T_3 = -(X_t - e^{-g} X_{t'})/\tau^2$, the noise of the one step, of variance
    $\tau^2 = 1 - e^{-2g}$. Any mixture $w T_2 + (1 - w) T_3$ with a *weight* $w$ has the right
    mean.

    *Bootstrapped score matching*, BSM, has the *estimated* score in $T_2$, and its error comes
    along. The *risk* (mean squared error) at step $k$ from $m$ samples is $\sum_{ij} r_{k,ij}/m$ to
    leading order, by the *recursion* over the steps

    $$r_{k,ij} = w^2 \frac{e^{2g}}{v'_i} + \frac{(1-w)^2}{\tau^2} - \frac{1}{v_i} +
      w^2 \frac{v'_j}{v_j}\, r_{k-1,ij}.$$

    Here $v_i$ and $v'_i$ are the variances of $X_t$ and $X_{t'}$ along the $i$-th eigenvector of
    the data's covariance.

    A *control variate* is a term of mean 0, added to cancel noise: here $\alpha U_{t'}$ to $T_1$,
    with $U_{t'} = Z_{t'}/\sigma_{t'}^2 + s(t', X_{t'})$ what the score leaves at $t'$. The best
    $\alpha$ makes it the mixture of *control-variate weight* $w = e^{-2g}\sigma_{t'}^2/\sigma_t^2$,
    for every law of the data. The paper's own weights are unknown to us.

    The *information bound* is the least risk, to leading order, of any regular estimator: one that
    favours no single covariance.
    """)
    return


@app.function
def rule(factor):
    """The control-variate weight times a factor, at most 1."""
    return lambda step: min(1.0, factor * step.bootstrap_weight)


@app.function
def draw_risks(spacing, factor, m=2000, steps=20, replicates=30, seed=5):
    """Risks of DSM and of the bootstrap on the same Gram matrices;
    two arrays of shape (steps, replicates).
    """
    times = spacing * np.arange(1, steps + 1)
    grams = list(
        exact(LAW, m, times, [np.random.default_rng([seed, k]) for k in range(replicates)])
    )
    pair = (dsm(grams), bootstrap(rule(factor))(grams))
    return [
        np.array([risk(LAW, g.step.t, a) for g, a in zip(grams, found, strict=True)])
        for found in pair
    ]


@app.function
def show(factor, spacing):
    """The figure and its sentence."""
    times = spacing * np.arange(1, 21)
    below, above = draw_risks(spacing, factor)
    base = np.array([dsm_risk(LAW, t, 10**9) for t in times])
    theory = bootstrap_risk(LAW, times, 10**9, rule(factor)) / base
    plain = bootstrap_risk(LAW, times, 10**9) / base
    floor = np.array([information_bound(LAW, t, 10**9) for t in times]) / base
    figure, (axes,) = plot()
    axes.plot(times, plain, color=style.FAINT, label="control-variate weight, theory")
    axes.plot(times, theory, color=style.COLOURS[1], ls="--", label=f"{factor:g} times it, theory")
    axes.plot(
        times,
        above.mean(axis=1) / below.mean(axis=1),
        "s",
        color=style.COLOURS[1],
        label="measured, m = 2000",
    )
    axes.plot(times, floor, color=style.INK, ls=":", label="information bound")
    axes.axhline(1, color=style.FAINT, lw=0.5)
    axes.set_ylim(0, max(1.2, min(2.5, float(theory.max()))))
    axes.set_xlabel("time t")
    axes.set_ylabel("risk over that of DSM")
    text = mo.md(
        f"At t = {times[-1]:.2g}: **{theory[-1]:.3f}** of DSM's risk by the recursion, "
        f"**{above[-1].mean() / below[-1].mean():.3f}** measured; {plain[-1]:.3f} with the "
        f"control-variate weight; {floor[-1]:.3f} is the information bound."
    )
    return mo.vstack(
        [picture(figure, f"Risk over DSM's against time, weight factor {factor:g}."), text]
    )


@app.cell
def _():
    factor = mo.ui.slider(
        0.0, 2.5, 0.1, value=1.0, label="times the control-variate weight", show_value=True
    )
    spacing = mo.ui.slider(
        0.02, 0.3, 0.02, value=0.08, label="spacing Δ of 20 steps", show_value=True
    )
    mo.vstack([factor, spacing])
    return factor, spacing


@app.cell
def _(factor, spacing):
    show(factor.value, spacing.value)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## Look

    - Which factor is best at the last step, by eye? It is not 1: that weight is best among the
      $T_1 + \alpha U_{t'}$ alone; minimise the recursion over $w$ and compare. What must one know
      of the data for that?
    - At which factor does bootstrapping stop helping at all, and what is $w = 0$?
    """)
    return


@app.cell(hide_code=True)
def _():
    break_it(r"""
    The claim is the ratio of risks under the control-variate weight; its decoy takes $w = 1/2$ at
    every step. Plant it. Is there a spacing at which the two weights are nearly the same?
    """)
    return


@app.function
def evidence(spacing, replicates=200):
    """The measured ratio at every step after the first, as the ledger's claim takes it."""
    below, above = draw_risks(spacing, 1.0, m=20000, replicates=replicates)
    times = [float(t) for t in spacing * np.arange(1, 21)]
    return [
        ratio({"eigenvalues": LAW.eigenvalues, "times": times, "t": times[k]}, above[k], below[k])
        for k in range(1, len(times))
    ]


@app.cell
def _():
    planted = mo.ui.switch(label="plant the decoy: w = ½ at every step")
    step = mo.ui.slider(
        steps=[0.02, 0.05, 0.1, 0.2, 0.3], value=0.1, label="spacing Δ", show_value=True
    )
    mo.vstack([planted, step])
    return planted, step


@app.cell
def _(planted, step):
    judged(claim("figure-3a-ratio"), evidence(step.value), planted.value)
    return


@app.cell(hide_code=True)
def _():
    exercises = (
        Exercise(
            r"What is the control-variate weight $w$ on $T_2$ for the step from $t' = 0.1$ to $t = "
            r"0.2$?",
            0.45017,
            "e^{−2g} σ_{t'}²/σ_t² = 0.8187 · 0.1813/0.3297.",
            0.49752,
            "That is the best α, with e^{−g}: the weight on U_{t'} in T1 + α U_{t'}, not on T2.",
        ),
        Exercise(
            r"Data with 8 eigenvalues evenly from 0.3 to 3, $t = 0.1, 0.2, …, 2.0$, control-"
            r"variate weight. By the recursion, what is BSM's risk over DSM's at $t = 2$?",
            0.1306,
            "Set the sliders to factor 1 and spacing 0.1, and read the sentence under the figure.",
            0.0328,
            "That is the information bound.",
        ),
        Exercise(
            r"There: by what factor does BSM exceed the information bound at $t = 2$?",
            3.958,
            "So three quarters of BSM's error there is not forced by the data: room for a better "
            "use of the times.",
            7.66,
            "That is DSM over BSM.",
            tolerance=0.02,
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
