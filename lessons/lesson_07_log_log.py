import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="7 How to fool yourself with log log d")

with app.setup:
    import marimo as mo
    import numpy as np
    from teaching import Exercise, boxes, break_it, judged, logarithmic, picture, plot, sheet

    from bounds.gaussian import Gaussian, spectrum
    from bounds.ledger import claim
    from bounds.replicates import mean
    from bounds.risk import dsm_empirical_risk
    from figures import style
    from studies.designs import power
    from studies.laws import LAWS
    from studies.slopes import equivalence, fit_slope, predicted_tilt, scaled


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    # 7 · How to fool yourself with log log d

    **Question.** A score in $d$ dimensions is fitted among the functions of a *class* $H$, of size
    $|H|$. Its error over $\log|H| \cdot \log\log d$ is plotted against $d$, log-log, and the slope
    is near zero. Has $\log\log d$ been seen?

    (The linear class has $d^2$ in the place of $\log|H|$: lesson 3.) From $d = 16$ to $d = 1024$
    $\log\log d$ grows by 1.9, from 1024 to a million by 1.36. Dividing a *flat* truth, one without
    $d$, by it gives the plot the *local slope*, that of the logarithm against $\log d$,

    $$\frac{d \log (1/\log\log d)}{d \log d} = -\frac{1}{\log d \cdot \log\log d},$$

    about $-0.15$ over such dimensions. To leave out $\log\log d$ where it belongs tilts the plot
    the other way. "Near zero" needs a number, and the absence of significance is not the presence
    of equality. So an *equivalence test* is made: a slope counts as flat only if its whole
    confidence interval lies within a *margin* of $\pm 0.02$.

    The last sentence below the figure has the plot's *power*: how often a test of rival laws names
    the true one.
    """)
    return


@app.function
def table(truth, top, noise, replicates=50, seed=7):
    """Dimensions 4 … 2^top and synthetic errors over data sets, of shape (dimensions, replicates).

    The true law is d² times one of LAWS. Each data set scatters by √2/d, as the linear class's
    does, and `noise`.
    """
    dims = 2.0 ** np.arange(2, top + 1)
    rng = np.random.default_rng([seed, top])
    level = dsm_empirical_risk(Gaussian(spectrum("identity", 1)), 0.5, 1000)
    spread = np.sqrt(2 / dims**2 + noise**2)[:, None]
    return dims, (level * dims**2 * LAWS[truth](dims))[:, None] * np.exp(
        spread * rng.standard_normal((dims.size, replicates)) - spread**2 / 2
    )


@app.function
def show(truth, top, noise):
    """The figure and its sentences."""
    dims, errors = table(truth, top, noise)
    figure, panels = plot(2)
    lines = []
    for axes, scaling, colour in zip(
        panels, ("log|H|", "log|H| log log d"), style.COLOURS, strict=False
    ):
        values = scaled(errors.T, dims, scaling).T
        average, se = values.mean(axis=1), values.std(axis=1, ddof=1) / np.sqrt(values.shape[1])
        fit = fit_slope(dims, average, se, replicates=values.shape[1])
        flat = equivalence(fit, 0.02)
        line = np.exp(fit.intercept) * dims**fit.slope
        axes.errorbar(
            dims, average, 1.96 * se, fmt="o", color=colour, label=f"error over {scaling}"
        )
        axes.plot(
            dims,
            line,
            color=style.INK,
            ls="--",
            label=f"slope {style.signed(fit.slope)} [{style.signed(fit.low)} … "
            f"{style.signed(fit.high)}]",
        )
        logarithmic(axes, x=True, y=True)
        axes.set_ylim(average.min() / 2, average.max() * 2)
        axes.set_xlabel("dimension d")
        axes.set_ylabel(f"error over {scaling}")
        shown = "**flat**" if flat.equivalent else "not shown to be flat"
        slope = style.signed(fit.slope)
        lines.append(
            f"Over {scaling}: slope **{slope}**, {shown} within ± 0.02 (p = {flat.p:.2g})."
        )
    relative = (errors.std(axis=1, ddof=1) / errors.mean(axis=1)) / np.sqrt(errors.shape[1])
    constant, growing = power(
        dims,
        relative,
        np.random.default_rng(7),
        1000,
        replicates=errors.shape[1],
        laws=("constant", "log log d"),
    )
    lines.append(
        "A flat truth divided by log log d would tilt by "
        f"{style.signed(predicted_tilt(dims, relative))}. On this grid at this noise a fit of all "
        "laws, with a constant added to each, names a constant where it holds with probability "
        f"**{constant.right:.2f}**, and log log d with probability **{growing.right:.2f}**."
    )
    alt = f"Two log-log plots of the same errors, over log|H| and with log log d; truth: {truth}."
    return mo.vstack([picture(figure, alt), mo.md("\n\n".join(lines))])


@app.cell
def _():
    truth = mo.ui.dropdown(list(LAWS), value="constant", label="the truth, over log|H|")
    top = mo.ui.slider(5, 16, value=10, label="dimensions up to 2^…", show_value=True)
    noise = mo.ui.slider(
        0.0, 1.0, 0.05, value=0.05, label="extra noise of a data set", show_value=True
    )
    mo.vstack([truth, top, noise])
    return noise, top, truth


@app.cell
def _(noise, top, truth):
    show(truth.value, top.value, noise.value)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## Look

    - Truth "constant", noise 0.5: which of the two plots would you have put into a paper?
    - Raise the noise until neither slope is shown to be flat. The fitted line is still "near zero".
      What has changed?
    """)
    return


@app.cell(hide_code=True)
def _():
    break_it(r"""
    The claim: error over $\log|H|$ is flat, within ± 0.02. Its decoy: growth like $\log\log d$.
    Plant it; then choose the truth $\log\log d$ above and look at the claim itself. Then raise the
    noise until the verdict is UNDECIDED: the honest word for most plots of this kind.
    """)
    return


@app.function
def evidence(truth, top, noise):
    """Synthetic error over d² at each dimension, as the ledger's claim takes it."""
    dims, errors = table(truth, top, noise)
    return [mean({"x": float(d)}, values / d**2) for d, values in zip(dims, errors, strict=True)]


@app.cell
def _():
    planted = mo.ui.switch(label="plant the decoy: growth like log log d")
    planted
    return (planted,)


@app.cell
def _(noise, planted, top, truth):
    judged(claim("figure-1a-flat"), evidence(truth.value, top.value, noise.value), planted.value)
    return


@app.cell(hide_code=True)
def _():
    exercises = (
        Exercise(
            r"A flat truth is divided by $\log\log d$. What is the local log-log slope at $d = "
            r"64$?",
            -0.16871,
            "−1/(log 64 · log log 64) = −1/(4.159 · 1.425).",
            -0.24045,
            "That is the slope of 1/log d. Differentiate the outer logarithm too.",
        ),
        Exercise(
            r"What is the smallest whole $d$ for which $\log\log d$ is positive?",
            3,
            "d > e. For d = 2 the scaled error would be negative, and the plot means nothing "
            "there.",
            2,
            "log 2 is below 1, so its logarithm is negative.",
        ),
        Exercise(
            r"By what factor does $\log\log d$ grow from $d = 4$ to $d = 1024$?",
            5.9273,
            "1.936/0.327: most of it before d = 16, where asymptotics say the least.",
            5,
            "That is log d, from 2 log 2 to 10 log 2.",
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
