import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="11 Ninety-five per cent of what?")

with app.setup:
    import marimo as mo
    import numpy as np
    from teaching import Exercise, boxes, break_it, judged, logarithmic, picture, plot, sheet

    from bounds.edges import pair_block, plain_interval, repaired_interval
    from bounds.ledger import claim
    from bounds.replicates import mean
    from figures import style

    PLAIN, REPAIRED = claim("edge-coverage"), claim("edge-repaired")
    ON_DATA = claim("edge-data-coverage")


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    # 11 · Ninety-five per cent of what?

    **Question.** An interval for one entry of an inverse covariance, the estimate $\pm\,1.96$
    *standard errors* (its own standard deviation, estimated). The matrix of data has half as many
    columns as rows. How often does the interval hold the true entry? That is its *coverage*.

    Two columns $a$ and $b$ of Gaussian data of covariance $\Sigma$ have an *edge* where they depend
    on each other given all others: $\omega_{ab} \ne 0$ in $\Omega = \Sigma^{-1}$. *Score matching*
    fits the slope of the log density, $-\Omega x$. It estimates $\omega_{ab}$ by the inverse of the
    empirical covariance of $k$ columns with $n$ rows. The estimate $\hat\omega_{ab}$ has a variance
    of nearly $(\omega_{aa}\omega_{bb} + \omega_{ab}^2)/n$, but its mean is

    $$E\,\hat\omega_{ab} = \frac{n}{n - k - 1}\,\omega_{ab}.$$

    The *plain* interval ignores this *bias*, an error in the mean. The *repaired* one takes the
    factor out, and $n - k$ for $n$ in the standard error. After Yu, Gupta and Kolar (2016). Before
    it: lesson 2, and what a confidence interval promises. Twenty minutes.
    """)
    return


@app.function
def cell(rows, share, edge):
    """n rows, a share of n in per cent as columns, and the edge beside 1 and 1."""
    return {"rows": rows, "k": max(2, rows * share // 100), "omega": [1.0, edge, 1.0]}


@app.function
def blocks(rows, share, edge, sets, seed):
    """The estimate of the 2 × 2 block from each of so many data sets."""
    k = cell(rows, share, edge)["k"]
    omega = np.eye(k)
    omega[0, 1] = omega[1, 0] = edge
    root = np.linalg.cholesky(np.linalg.inv(omega)).T
    x = np.random.default_rng(seed).standard_normal((sets, rows, k)) @ root
    return pair_block(np.swapaxes(x, 1, 2) @ x, rows)


@app.function
def show(share, edge):
    """The figure and its sentence."""
    figure, (left, right) = plot(2)
    found = blocks(100, share, edge, 40, seed=90)
    k = cell(100, share, edge)["k"]
    both = (plain_interval(found, 100), repaired_interval(found, 100, k))
    for place, (low, high), label in zip((0, 1), both, ("plain", "repaired"), strict=True):
        at = np.arange(40) + 45 * place
        hit = (low <= edge) & (edge <= high)
        left.vlines(at[hit], low[hit], high[hit], color=style.COLOURS[place], label=label)
        left.vlines(at[~hit], low[~hit], high[~hit], color=style.INK, lw=2.2)
    left.axhline(edge, color=style.FAINT, lw=0.8)
    left.set_xlabel("40 data sets of 100 rows, twice")
    left.set_ylabel(r"interval for $\omega_{ab}$")
    sizes = (100, 300, 800)
    curves = [[one.formula(cell(rows, share, edge)) for rows in sizes] for one in (PLAIN, REPAIRED)]
    for place, curve in enumerate(curves):
        right.plot(sizes, curve, "o-", color=style.COLOURS[place])
    right.axhline(0.95, color=style.FAINT, lw=0.8)
    logarithmic(right, x=True)
    right.set_xlabel("rows n")
    right.set_ylabel("coverage")
    right.set_ylim(0, 1)
    alt = (
        f"Left: 40 plain and 40 repaired intervals with k = {k} columns, black where they miss. "
        "Right: their coverage against n."
    )
    said = (
        f"With k = {k} columns at n = 100 the plain interval covers "
        f"**{100 * curves[0][0]:.4g} %**, the repaired one **{100 * curves[1][0]:.4g} %**."
    )
    return mo.vstack([picture(figure, alt), mo.md(said)])


@app.cell
def _():
    share = mo.ui.slider(5, 60, 5, value=50, label="columns, in % of the rows", show_value=True)
    edge = mo.ui.slider(
        0.1, 0.9, 0.1, value=0.5, label="edge beside 1 and 1 on the diagonal", show_value=True
    )
    mo.vstack([share, edge])
    return edge, share


@app.cell
def _(edge, share):
    show(share.value, edge.value)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## Look

    - Black intervals miss. On which side of the line do the plain ones lie, and why do more rows
      make it worse, at the same share of columns?
    - A weak edge is hardly biased. Is its coverage 95 %? (At a *null edge*, $\omega_{ab} = 0$, and
      $k = n/2$ it is 83 %.)
    """)
    return


@app.cell(hide_code=True)
def _():
    break_it(r"""
    The claim is the coverage of the plain interval, an integral over the law of the estimate. Its
    decoy is what the interval promises, 0.95. Plant it. Then take fewer columns: when does nobody
    notice?
    """)
    return


@app.function
def evidence(share, edge):
    """Coverage of the plain interval on 300 data sets, as the ledger's claim takes it."""
    measured = []
    for rows in (40, 60):
        low, high = plain_interval(blocks(rows, share, edge, 300, seed=rows), rows)
        covered = ((low <= edge) & (edge <= high)).astype(float)
        measured.append(mean(cell(rows, share, edge), covered))
    return measured


@app.cell
def _():
    planted = mo.ui.switch(label="plant the decoy: 0.95")
    planted
    return (planted,)


@app.cell
def _(edge, planted, share):
    judged(ON_DATA, evidence(share.value, edge.value), planted.value)
    return


@app.cell(hide_code=True)
def _():
    exercises = (
        Exercise(
            r"A null edge, $k = n/2$, and $n$ as large as you like. How often does the plain "
            "interval cover it, in per cent?",
            83.42,
            "2Φ(1.96 √(1 − k/n)) − 1, Φ the standard normal's: the estimate is as noisy as one "
            "from n − k rows, and twice too large, and its standard error knows only of "
            "the second.",
            95.0,
            "k/n stays at one half, however large n is.",
            tolerance=0.005,
        ),
        Exercise(
            r"$n = 100$ and $k = 49$: by which factor is the estimate too large in the mean?",
            2.0,
            "n/(n − k − 1).",
            1.9608,
            "That is n/(n − k): 1/χ² with ν degrees of freedom has the mean 1/(ν − 2).",
        ),
        Exercise(
            r"An edge with $\omega_{ab}^2 = \omega_{aa}\omega_{bb}/3$, and $k = c\sqrt{n}$ columns "
            "of very many rows. At which c is the bias one standard error?",
            2.0,
            "c ω_ab/√V with V = ω_aa ω_bb + ω_ab² = 4 ω_ab².",
            1.7321,
            "The variance is ω_aa ω_bb + ω_ab², and the second term is a quarter of it.",
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
