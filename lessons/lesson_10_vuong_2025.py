import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="10 The half of an error that nobody feels")

with app.setup:
    import marimo as mo
    import numpy as np
    from teaching import Exercise, boxes, break_it, judged, logarithmic, picture, plot, sheet

    from bounds.estimators import dsm
    from bounds.fields import energy, solenoidal
    from bounds.gaussian import Gaussian
    from bounds.gram import exact
    from bounds.ledger import claim
    from bounds.replicates import mean
    from figures import style

    HIDDEN = claim("invisible-dsm")


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    # 10 · The half of an error that nobody feels

    **Question.** Samplers follow an estimated *score*, the gradient of the log density. It is wrong
    by a vector field. Must the samples be wrong, too?

    Let the noisy data $X_t = e^{-t} X_0 + Z_t$ be $N(0, V)$. A field $R x$ that only *stirs*,
    $R V + V R^\top = 0$, moves no mass of $N(0, V)$: water that turns in a glass stays in the
    glass. Every linear error is $E = S + R$, a *gradient* ($S = S^\top$, the slope of some
    function) and a stirring, also called *gauge*. In $L_2$, the mean square over $N(0, V)$, their
    *energies* $\|E\|^2 = \mathrm{tr}(E V E^\top)$ add up: $\|E\|^2 = \|S\|^2 + \|R\|^2$. To first
    order samples feel $S$ alone.

    *Denoising score matching*, DSM, is least squares of $-Z_t/\sigma_t^2$ on $X_t$ from $m$ samples
    in $d$ dimensions, with $\sigma_t^2$ the noise's variance. It errs by independent noise in each
    entry, of variance $c_i/(v_j (m - d - 1))$: $v_j$ are the eigenvalues of $V$, and
    $c_i = 1/\sigma_t^2 - 1/v_i$ is the variance that the score leaves. Of that, stirring is

    $$E\|R\|^2 = \frac12 \sum_{i \ne j} \frac{c_i v_i + c_j v_j}{v_i + v_j} \Big/ (m - d - 1).$$

    So a trained score may fail every test of being a gradient, as Vuong and others (2025) found of
    networks, and still sample well. Before it: lesson 2. Twenty minutes.
    """)
    return


@app.function
def law(d, spread):
    """d eigenvalues in geometric progression, the largest `spread` times the smallest."""
    return Gaussian(np.geomspace(1, 1 / spread, d) * np.sqrt(spread))


@app.function
def split(d, spread, t, replicates=200):
    """Energies of gradient and stirring of DSM's error at m = 4 d, one each for a replicate."""
    data = law(d, spread)
    rng = [np.random.default_rng([9, k]) for k in range(replicates)]
    (estimates,) = dsm(exact(data, 4 * d, [t], rng))
    V = data.matrix(data.variances(t))
    return [energy(part, V) for part in solenoidal(estimates - data.score_matrix(t), V)]


@app.function
def cell(d, spread, t):
    """As the ledger's claim takes it."""
    return {"eigenvalues": law(d, spread).eigenvalues.tolist(), "t": t, "m": 4 * d}


@app.function
def show(d, spread):
    """The figure and its sentence."""
    figure, (axes,) = plot()
    times = (0.1, 0.2, 0.4, 0.8, 1.6)
    found = np.array([[part.mean() for part in split(d, spread, t)] for t in times])
    fine = np.geomspace(0.1, 1.6, 30)
    theory = [HIDDEN.formula(cell(d, spread, float(t))) for t in fine]
    for k, (part, label) in enumerate(zip(found.T, ("gradient", "stirring"), strict=True)):
        axes.plot(times, part, style.MARKERS[k], color=style.COLOURS[k], label=label)
    axes.plot(fine, theory, "--", color=style.COLOURS[1], label="stirring, formula")
    logarithmic(axes, x=True, y=True)
    axes.set_xlabel("time t")
    axes.set_ylabel("part of the risk")
    share = found[2, 1] / found[2].sum()
    return mo.vstack(
        [
            picture(figure, f"Both parts of DSM's risk against time, d = {d}."),
            mo.md(
                f"At t = {times[2]:g} **{100 * share:.3g} %** of the error is stirring; with equal "
                f"eigenvalues it is {50 * (1 - 1 / d):.3g} %."
            ),
        ]
    )


@app.cell
def _():
    d = mo.ui.slider(2, 16, 1, value=8, label="dimension d", show_value=True)
    spread = mo.ui.slider(
        1.0, 20.0, 1.0, value=10.0, label="largest over smallest eigenvalue", show_value=True
    )
    mo.vstack([d, spread])
    return d, spread


@app.cell
def _(d, spread):
    show(d.value, spread.value)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## Look

    - In one dimension nothing can stir. What share is stirring in two, what share in very many?
    - A fit of one covariance for all times is symmetric. What is its share, and what does that say
      of a comparison of risks?
    - The gauge is free for a *flow*, a sampler without noise. An *Euler step* goes straight on:
      along a chord instead of the circle. Which way is the error, in or out?
    """)
    return


@app.cell(hide_code=True)
def _():
    break_it(r"""
    The claim is the formula. Its decoy exchanges $i$ and $j$, which gives the gradient's part of
    the same entries. Plant it. At which *spread*, largest over smallest eigenvalue, does nobody
    notice?
    """)
    return


@app.function
def evidence(d, spread):
    """The stirring energy at three times."""
    return [mean(cell(d, spread, t), split(d, spread, t, 800)[1]) for t in (0.1, 0.2, 0.4)]


@app.cell
def _():
    planted = mo.ui.switch(label="plant the decoy: i and j exchanged")
    planted
    return (planted,)


@app.cell
def _(d, planted, spread):
    judged(HIDDEN, evidence(d.value, spread.value), planted.value)
    return


@app.cell(hide_code=True)
def _():
    exercises = (
        Exercise(
            r"d = 4, equal eigenvalues. Which share of DSM's risk is stirring, in per cent?",
            37.5,
            "(1 − 1/d)/2: the diagonal cannot stir, and of the rest it is half.",
            50.0,
            "That is the limit of many dimensions; entries on the diagonal do not stir.",
        ),
        Exercise(
            r"$\lambda$ = (4, 0.25), t = 0.5. Which share is it now, in per cent?",
            33.448,
            "v = 2.104, 0.724 and c = 1.107, 0.201: (c₁v₁ + c₂v₂)/(v₁ + v₂) over 2 (c₁ + c₂).",
            16.552,
            "That is (c₁v₂ + c₂v₁): what the gradient has of the same entries.",
        ),
        Exercise(
            "A gauge of size κ is twice as large. How many times as many Euler steps keep the "
            "samples' error the same?",
            4.0,
            "A step of length h adds h²κ² v₁v₂ to each variance, and there are T/h in the time T.",
            2.0,
            "A step turns twice as far, and its chord leaves the circle by the square of that.",
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
