import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="12 The variance of the step back")

with app.setup:
    import marimo as mo
    import numpy as np
    from teaching import Exercise, boxes, break_it, judged, logarithmic, picture, plot, sheet

    from bounds.chain import affine_chain
    from bounds.claim import Measured
    from bounds.divergence import Normal
    from bounds.ledger import claim
    from figures import style

    SUM = claim("ddpm-any-schedule")
    LAST = 6.0
    NAMES = {"beta": "β", "tilde": "β̃, the posterior variance", "true": "the true variance"}


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    # 12 · The variance of the step back

    **Question.** A *DDPM*, a sampler of denoising diffusion, adds noise to data in $N$ steps, and
    then takes $N$ steps back. A step back has the exact mean, and adds noise. How much noise?

    Forward, $X_k = \sqrt{a_k} X_{k-1} + \sqrt{\beta_k}\, \varepsilon$ with standard normal
    $\varepsilon$ and $\beta_k = 1 - a_k$. The $a_k$ are the *schedule*: here $a_k = e^{-2h}$, with
    steps of length $h = T/N$ in the time $T = 6$. Two answers are in use: $\beta_k$, as much as the
    step forward added, and $\tilde\beta_k = \mathrm{Var}(X_{k-1} | X_k, X_0)$, the *posterior
    variance*, as if the data point $X_0$ were known. With Gaussian data of variance $\lambda$ the
    *true* one is $\mathrm{Var}(X_{k-1} | X_k) = \beta_k v_{k-1}/v_k$, $v_k = \mathrm{Var} X_k$, and
    with it samples are exact, be it in one step. It stands at $\lambda/v_k$ of the way from
    $\tilde\beta_k$ to $\beta_k$.

    The errors of the steps add up. If a step back has the variance $q_k$, samples have the variance
    $w_0$ with

    $$w_0 - \lambda = \sum_k \bar\alpha_{k-1} \left(\frac{\lambda}{v_{k-1}}\right)^2
      \left(q_k - \beta_k \frac{v_{k-1}}{v_k}\right), \qquad \bar\alpha_k = a_1 \cdots a_k.$$

    Before it: lessons 1 and 6. Twenty minutes.
    """)
    return


@app.function
def drawn(value, steps):
    """The variance of samples, with each variance of the step: N uniform steps from p_T, T = 6,
    with exact means.
    """
    a = np.exp(-2 * LAST / steps)
    noise = 1 - a ** np.arange(steps + 1)
    v = value + (1 - value) * noise
    ones = np.ones(steps)
    shares = {"beta": ones, "tilde": noise[:-1] / noise[1:], "true": v[:-1] / v[1:]}
    q = (1 - a) * np.stack([shares[name] for name in NAMES], axis=1)[..., None, None]
    means = np.sqrt(a) * v[:-1] / v[1:]
    links = ((float(m), 0.0, one) for m, one in zip(means[::-1], q[::-1], strict=True))
    end = affine_chain(links, Normal(np.zeros(1), np.array([[v[-1]]])))
    return dict(zip(NAMES, end.covariance[:, 0, 0].tolist(), strict=True))


@app.function
def cell(value, steps, variance):
    """As the ledger's claim takes it."""
    of = {"schedule": "uniform", "steps": steps, "last": LAST}
    return {**of, "eigenvalue": value, "variance": variance}


@app.function
def show(value, steps):
    """The figure and its sentence."""
    figure, (axes,) = plot()
    counts = (25, 50, 100, 200, 400)
    found = {n: drawn(value, n) for n in counts}
    for k, name in enumerate(("tilde", "beta")):
        gaps = [abs(found[n][name] / value - 1) for n in counts]
        theory = [abs(SUM.formula(cell(value, n, name))) / value for n in counts]
        colour = style.COLOURS[k]
        axes.plot(counts, gaps, style.MARKERS[k], color=colour, label=NAMES[name])
        axes.plot(counts, theory, "--", color=colour, label=f"{NAMES[name]}: the sum")
    logarithmic(axes, x=True, y=True)
    axes.set_xlabel("steps N")
    axes.set_ylabel(r"$|w_0/\lambda - 1|$")
    axes.set_ylim(1e-4, 20)
    shares = {name: 100 * (one / value - 1) for name, one in found[steps].items()}
    said = ", ".join(
        f"{NAMES[name]} **{round(share, 3) + 0.0:g} %**" for name, share in shares.items()
    )
    return mo.vstack(
        [
            picture(figure, f"The samples' variance is off, against steps, λ = {value:g}."),
            mo.md(f"With N = {steps} the samples' variance is off by: {said}."),
        ]
    )


@app.cell
def _():
    value = mo.ui.slider(0.05, 4.0, 0.05, value=0.25, label="variance λ", show_value=True)
    steps = mo.ui.slider(steps=[25, 50, 100, 200, 400], value=100, label="steps N", show_value=True)
    mo.vstack([value, steps])
    return steps, value


@app.cell
def _(steps, value):
    show(value.value, steps.value)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## Look

    - At which $\lambda$ is $\beta$ exact? Is the posterior variance ever?
    - Below $\lambda = 1$ the true variance lies between the two. Where does it lie above?
    - One line is straight and one is bent: the posterior variance errs by
      $h\,(2 \log(\lambda/2h) + 2\gamma + \lambda - 3)$, with Euler's $\gamma = 0.577$. Which steps
      make the logarithm?
    """)
    return


@app.cell(hide_code=True)
def _():
    break_it(r"""
    The claim is the sum, with $\mathrm{true}_k$ for the true variance. Its decoy carries an error
    down by $\lambda/v$ for its square. Plant it. At which $\lambda$ does nobody notice, and why?
    """)
    return


@app.function
def evidence(value):
    """How far off the variance is, for three N and both variances."""
    found = {n: drawn(value, n) for n in (25, 100, 400)}
    return [
        Measured(cell(value, n, name), found[n][name] - value)
        for n in found
        for name in ("beta", "tilde")
    ]


@app.cell
def _():
    planted = mo.ui.switch(label="plant the decoy: λ/v without the square")
    planted
    return (planted,)


@app.cell
def _(planted, value):
    judged(SUM, evidence(value.value), planted.value)
    return


@app.cell(hide_code=True)
def _():
    exercises = (
        Exercise(
            r"$\lambda$ = 0.25. Which share of the way from $\tilde\beta$ to $\beta$ is the true "
            "variance of the step that starts at t = 0.5?",
            0.34526,
            "λ/v with v = 1 − 0.75 e⁻¹ = 0.7241.",
            0.25,
            "That is the share at very late times, where v = 1.",
        ),
        Exercise(
            r"One step from t = 1 to the data, $\lambda$ = 0.25, exact score, $q = \beta$. Which "
            "variance do the samples have?",
            0.87408,
            "The mean adds e⁻² λ²/v = 0.0094, the noise β = 1 − e⁻² = 0.8647.",
            0.25,
            "That is what the true variance βλ/v of the step would give.",
        ),
        Exercise(
            r"$\lambda$ = 3, T = 6, posterior variance. By which factor does the error fall from N "
            "= 100 to N = 200?",
            1.6813,
            "h halves, and 2 log(λ/2h) + 2γ + λ − 3 grows by 2 log 2 from 7.59.",
            2.0,
            "That is the rate 1/N. The logarithm grows as h falls.",
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
