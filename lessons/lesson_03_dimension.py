import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="3 What 'dimension-free' means")

with app.setup:
    import marimo as mo
    import numpy as np
    from teaching import Exercise, boxes, break_it, judged, logarithmic, picture, plot, sheet

    from bounds.concentration import risk_bound, violation_probability
    from bounds.estimators import dsm
    from bounds.gaussian import Gaussian, spectrum
    from bounds.gram import exact
    from bounds.kernels import kappa_gaussian
    from bounds.ledger import claim
    from bounds.replicates import mean
    from bounds.risk import dsm_empirical_risk, empirical_risk
    from figures import style

    DIMENSIONS = (4, 8, 16, 32)
    TIME = 0.5
    DELTA = 0.05


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    # 3 · What "dimension-free" means

    **Question.** A bound on an error is called *dimension-free*: the dimension $d$ is not in it.
    The error of a linear score grows like $d^2$. Who is wrong?

    Nobody: it depends on what is held fixed. The bound is for a *class* $H$, a list of $|H|$
    functions with the true score $s$ among them. The *joint loss* sums the denoising losses (lesson
    2) over the noise levels $t_j$, with weights $\gamma_j$. On $m$ samples $\hat f$ has the least
    of it. With probability $1 - \delta$

    $$\frac1m \sum_i \sum_j \gamma_j \|\hat f - s\|^2 \;\le\;
      8 \kappa\, \frac{\log(|H|/\delta)}{m}.$$

    On the left is the *empirical error*, the mean over the samples $i$. The constant $\kappa$
    depends on times, weights and how wide the data's law is, not on $d$. So no $d$ is there *for a
    fixed class* $H$: add a thousand coordinates that no function in $H$ confuses with the truth,
    and nothing happens. A *linear* class grows with $d$. It has $d^2$ parameters, which stand for
    its $\log|H|$ up to a constant, and its error over $\log|H|$ is flat again. Dimension enters
    through the class, and only there.

    The figure also has an *adversarial* class, built so that a wrong function often wins.
    """)
    return


@app.function
def linear_errors(d, m, replicates=40, seed=3):
    """Empirical risks of the linear class over independent data sets, identity covariance."""
    white = Gaussian(spectrum("identity", d))
    (gram,) = exact(
        white, m, [TIME], [np.random.default_rng([seed, d, k]) for k in range(replicates)]
    )
    (estimate,) = dsm([gram])
    return empirical_risk(white, gram, estimate)


@app.function
def show(log_size, log_samples):
    """The figure and its sentence, for |H| = 10^log_size and m = 10^log_samples."""
    m, hypotheses = 10**log_samples, 10**log_size
    kappa = kappa_gaussian([TIME], [1.0], [1.0])
    bound = risk_bound(kappa, np.log(hypotheses), DELTA, m)
    fractions = np.linspace(0.05, 1.0, 20)
    worst = bound * max(f * violation_probability(f, hypotheses, DELTA) for f in fractions)
    grid = 2 ** np.arange(2, 11)
    grid = grid[grid < m]  # beyond, least squares has no unique solution
    figure, (axes,) = plot()
    theory = [dsm_empirical_risk(Gaussian(np.ones(d)), TIME, m) for d in grid]
    measured = [linear_errors(d, m).mean() for d in DIMENSIONS]
    axes.plot(grid, theory, color=style.COLOURS[0], label="linear class, formula: ∝ d²")
    axes.plot(DIMENSIONS, measured, "o", color=style.COLOURS[0], label="linear class, measured")
    axes.plot(
        grid,
        theory / grid**2,
        color=style.COLOURS[2],
        ls="-.",
        label="linear class over d², its log|H|",
    )
    axes.axhline(
        bound,
        color=style.COLOURS[1],
        ls="--",
        label=f"bound for any class of {hypotheses:g} around the truth",
    )
    axes.axhline(worst, color=style.COLOURS[1], label="mean error of an adversarial one, exact")
    logarithmic(axes, x=True, y=True)
    axes.set_xlabel("dimension d")
    axes.set_ylabel("empirical error")
    text = mo.md(
        rf"$8\kappa\log(|H|/\delta)/m$ = **{bound:.3g}** in every dimension (κ = {kappa:.3f}, "
        f"δ = {DELTA}); the adversary's class has a mean error of **{worst:.3g}**; the linear "
        f"class reaches the bound at d = {np.sqrt(bound / theory[0]) * grid[0]:.1f}."
    )
    alt = (
        "Error against dimension: level for a fixed class, of slope two for the linear one; "
        f"m = {m}."
    )
    return mo.vstack([picture(figure, alt), text])


@app.cell
def _():
    size = mo.ui.slider(
        1, 12, value=3, label="size of the fixed class, |H| = 10^…", show_value=True
    )
    samples = mo.ui.slider(2, 9, value=4, label="samples, m = 10^…", show_value=True)
    mo.vstack([size, samples])
    return samples, size


@app.cell
def _(samples, size):
    show(size.value, samples.value)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## Look

    - A class a billion times larger: what does it cost?
    - $m = 10^9$ costs no more than $m = 100$ here. Not the data are drawn, but the *Gram matrices*:
      the sums of products that least squares uses. What does $m$ move?
    """)
    return


@app.cell(hide_code=True)
def _():
    break_it(r"""
    The claim: the linear class's error over $d^2$ does not depend on $d$. So its *log-log slope*,
    that of log error against $\log d$, is 0, or nearly. Its decoy: that it grows like $\log\log d$,
    a factor so slow that an eye on a log-log plot forgives it. Plant it, and ask for fewer data
    sets.
    """)
    return


@app.function
def evidence(replicates):
    """Error over d² at four dimensions, as the ledger's claim takes it."""
    return [
        mean({"x": float(d), "d": d, "m": 1000}, linear_errors(d, 1000, replicates, seed=30) / d**2)
        for d in (8, 16, 32, 64)
    ]


@app.cell
def _():
    planted = mo.ui.switch(label="plant the decoy: growth like log log d")
    replicates = mo.ui.slider(
        steps=[5, 20, 80, 320], value=320, label="data sets a dimension", show_value=True
    )
    mo.vstack([planted, replicates])
    return planted, replicates


@app.cell
def _(planted, replicates):
    judged(claim("figure-1a-flat"), evidence(replicates.value), planted.value)
    return


@app.cell(hide_code=True)
def _():
    exercises = (
        Exercise(
            r"$\Sigma = I$, one time $t = 0.5$ with $\gamma = 1$: $\kappa = C_t = 0.582$. What is "
            r"the bound for "
            r"$|H| = 1000$, $\delta = 0.05$, $m = 1000$?",
            0.04611,
            "8 · 0.582 · log(1000/0.05)/1000.",
            0.03216,
            "The confidence costs too: log(|H|/δ), not log|H|.",
        ),
        Exercise(
            r"By what factor does the linear class's empirical error grow from $d = 16$ to $d = "
            r"1024$, "
            r"$m$ and $t$ fixed?",
            4096,
            "(1024/16)²: like the number of parameters.",
            64,
            "Each of the d outputs has d coefficients to learn.",
        ),
        Exercise(
            r"By what factor does $\log\log d$ grow from $d = 16$ to $d = 10^6$?",
            2.5748,
            "2.626/1.020. Five decades of dimension, and it has not tripled.",
            4.9829,
            "That is log d. One more logarithm.",
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
