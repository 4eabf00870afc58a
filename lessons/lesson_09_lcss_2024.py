import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="9 The trace for nothing?")

with app.setup:
    import marimo as mo
    import numpy as np
    from teaching import Exercise, boxes, break_it, judged, logarithmic, picture, plot, sheet

    from bounds.ledger import claim
    from bounds.local_curvature import (
        antithetic_fit,
        exact_trace_fit,
        variant_a_fit,
        variant_b_fit,
    )
    from bounds.replicates import mean
    from figures import style

    VALUES = np.linspace(0.3, 3, 4)
    RISK = {
        "B, one sign": claim("lcss-fit-b"),
        "A, denoising": claim("lcss-fit-a"),
        "B, both signs": claim("lcss-fit-antithetic"),
        "exact trace": claim("lcss-fit-trace"),
    }


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    # 9 · The trace for nothing?

    **Question.** *Score matching* fits $s$ to the *score*, the slope of the log density, from data
    alone. It needs the *divergence* of $s$: the trace of its *Jacobian*, the matrix of its
    derivatives. *Stein's identity* gives it from one draw of noise and no derivative. What does
    that cost?

    The identity: for standard normal $z$ and $x' = x + \sigma z$ the mean of $z \cdot s(x')/\sigma$
    is that of the divergence of $s$ at $x'$. The loss also has half of the score's square, and
    there are two points to take it at:

    $$A = \frac{z \cdot s(x')}{\sigma} + \frac{|s(x')|^2}{2}, \qquad
      B = \frac{z \cdot s(x')}{\sigma} + \frac{|s(x)|^2}{2}.$$

    *Denoising* is least squares of $-z/\sigma$ on $x'$. Multiply out the square in its loss
    $|s(x') + z/\sigma|^2/2$: it is $A$, and $|z|^2/(2\sigma^2)$, which no score changes. So $A$
    learns the score of the *noisy* law, that of $x'$. $B$ among linear scores learns that of the
    *clean* law, of $x$. At a point where $s(x) = Mx + b$, with the symmetric part $M_s$ of $M$,

    $$\mathrm{Var}\,\frac{z \cdot s(x')}{\sigma} = \frac{|s(x)|^2}{\sigma^2} + 2 |M_s|^2.$$

    Local curvature smoothing (2024) trains with Stein's identity; which of the two is theirs we do
    not know. Before it: lesson 2. Twenty minutes.

    The figure has the *risk*, the mean squared error. *Both signs*: $z$ and $-z$, averaged. *Exact
    trace*: the divergence itself.
    """)
    return


@app.function
def draw_risks(m, sigma, replicates=60, seed=9):
    """Risk of each fit as a score of the clean law, over data sets with one draw for each datum."""
    rng = np.random.default_rng(seed)
    x = np.sqrt(VALUES) * rng.standard_normal((replicates, m, VALUES.size))
    z = rng.standard_normal((1, *x.shape))
    fits = (
        variant_b_fit(x, z, sigma),
        variant_a_fit(x, z, sigma),
        antithetic_fit(x, z, sigma),
        exact_trace_fit(x),
    )
    target = np.diag(1 / VALUES)
    return [np.sum((fit + target) ** 2 @ VALUES, axis=-1) for fit in fits]


@app.function
def cell(m, sigma):
    """A claim's cell."""
    return {"values": VALUES.tolist(), "m": m, "redraws": 1, "sigma": sigma}


@app.function
def show(m, sigma):
    """The figure and its sentence."""
    sigmas = np.geomspace(0.02, 3, 60)
    figure, (axes,) = plot()
    means = [float(risks.mean()) for risks in draw_risks(m, sigma)]
    for k, (name, one) in enumerate(RISK.items()):
        colour = style.COLOURS[k]
        axes.plot(sigmas, [one.formula(cell(m, s)) for s in sigmas], color=colour, label=name)
        axes.plot([sigma], [means[k]], style.MARKERS[k], color=colour)
    logarithmic(axes, x=True, y=True)
    axes.set_xlabel("noise scale σ")
    axes.set_ylabel("risk as a score of the clean law")
    predicted = [one.formula(cell(m, sigma)) for one in RISK.values()]
    text = mo.md(
        f"At σ = {sigma:g}: variant B **{means[0]:.4g}** measured, {predicted[0]:.4g} predicted; "
        f"denoising **{means[1]:.4g}**, {predicted[1]:.4g}; B with both signs {means[2]:.4g}, "
        f"{predicted[2]:.4g}; exact trace {means[3]:.4g}, {predicted[3]:.4g}."
    )
    return mo.vstack([picture(figure, f"Risk of four linear fits against σ, m = {m}."), text])


@app.cell
def _():
    m = mo.ui.slider(20, 400, 20, value=100, label="samples m", show_value=True)
    sigma = mo.ui.slider(0.05, 2, 0.05, value=0.3, label="noise scale σ", show_value=True)
    mo.vstack([m, sigma])
    return m, sigma


@app.cell
def _(m, sigma):
    show(m.value, sigma.value)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## Look

    - Where $\sigma$ is small, which two curves are one? What did Stein's identity take away from
      denoising, and what not?
    - With both signs of $z$ the curve is flat. What of the variance is odd in $z$?
    - Two evaluations cost twice as much. Would two draws of one sign do as well?
    """)
    return


@app.cell(hide_code=True)
def _():
    break_it(r"""
    The claim is the risk of $B$ with both signs. In it $\Sigma$ is the data's covariance, $K = 1$
    the draws for each datum, and $q$ and $e_2$ are numbers of $m$ and $d$ alone. Its decoy says
    that a second sign is worth a second independent draw. Plant it. At which $\sigma$ would nobody
    notice?
    """)
    return


@app.function
def evidence(noise, replicates=400):
    """Measured risks with both signs, at several m, as the ledger's claim takes them."""
    return [mean(cell(m, noise), draw_risks(m, noise, replicates)[2]) for m in (40, 100, 200)]


@app.cell
def _():
    planted = mo.ui.switch(label="plant the decoy: as of two independent draws")
    noise = mo.ui.slider(steps=[0.1, 0.3, 0.8, 5.0], value=0.3, label="σ", show_value=True)
    mo.vstack([planted, noise])
    return noise, planted


@app.cell
def _(noise, planted):
    judged(RISK["B, both signs"], evidence(noise.value), planted.value)
    return


@app.cell(hide_code=True)
def _():
    exercises = (
        Exercise(
            r"On the line $s(x) = -x$. What is the variance of $z\,s(x + \sigma z)/\sigma$ at $x = "
            r"1$, $\sigma = 0.5$?",
            6.0,
            "s²/σ² = 4, and 2 for the square of a normal.",
            2.0,
            "That is what is left with both signs of z.",
        ),
        Exercise(
            r"Data $N(0, 1)$. The linear score that is best for variant $A$ at $\sigma = 0.5$ is "
            r"$-ax$. What is $a$?",
            0.8,
            "A is denoising: the score of N(0, 1 + σ²), 1/1.25.",
            1.0,
            "That is B's, the score of the clean law.",
        ),
        Exercise(
            r"Data $N(0, 1)$, $\sigma = 0.9$. Among all functions, what is the least of variant "
            r"$B$? (It is $-\frac{1}{2}\int (p * N_\sigma)'^2/p$, with $p$ the "
            r"density and $p * N_\sigma$ the noisy one.)",
            -2.479,
            "−½ v²/(v² − σ⁴)^{3/2}, with v = 1 the data's variance. At σ = 1 there is no least.",
            -0.5,
            "That is the least among linear scores, and the score of the data is one. B prefers "
            "another function.",
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
