import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="4 Reverse martingales")

with app.setup:
    import marimo as mo
    import numpy as np
    from teaching import Exercise, boxes, break_it, judged, logarithmic, picture, plot, sheet

    from bounds.claim import Claim, Measured
    from bounds.concentration import gaussian_sum_variance, path_sum
    from bounds.gaussian import Gaussian
    from bounds.kernels import kappa_gaussian, kappa_log_concave, kappa_separate, kappa_universal
    from bounds.process import geometric_grid, noise_variance, simulate, uniform_grid, weights
    from figures import style


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    # 4 · Reverse martingales

    **Question.** One function is fitted over all noise levels at once, and the noise at one level
    is nearly the noise at the next: the targets along a path are anything but independent. Must one
    pay for every level separately?

    ## What is summed

    A *path* is one datum $X_0$ seen at the times $t_1 < \dots < t_N$. At each, the *residual*
    $U_t = Z_t/\sigma_t^2 + s(t, X_t)$ is what is left of the noise once the score has told what it
    can: its mean given $X_t$ is 0. A fit over all levels weighs them by $\gamma_j$, the steps of
    the grid. Whether it goes wrong depends on the sums $\sum_j \gamma_j \langle \zeta_j, U_j
    \rangle$, where $\zeta_j$ is the error of a candidate at $X_{t_j}$. So: how large is the
    variance of such a sum?
    """)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## Step 1: run time backwards

    $M_s = E[X_0 \mid X_s]$ is the best guess of the datum at noise level $s$. As $s$ falls, $X_s$
    tells more and more. A best guess that is refined does not drift: given what is known at the
    later time, the mean of the next guess is the present one. That is a *martingale*, in the
    direction in which $s$ falls.

    ## Step 2: residuals are guesses' errors

    By Tweedie's formula (lesson 1)

    $$U_t = \frac{e_t}{\sigma_t^2}\,(M_t - X_0).$$

    The residual is the error of the guess, up to a factor. So sort the sum by steps of the guess:
    with $R_k = M_{t_k} - M_{t_{k-1}}$, and $M_{t_j} - X_0 = R_1 + \dots + R_j$,

    $$\sum_j \gamma_j \langle \zeta_j, U_j \rangle = \sum_k \langle G_k, R_k \rangle, \qquad
      G_k = \sum_{j \ge k} \gamma_j \frac{e_j}{\sigma_j^2}\, \zeta_j.$$

    ## Step 3: steps of a martingale do not correlate

    $G_k$ is made of later times only, and is known when the step $R_k$ is taken. So the terms of
    the new sum do not correlate, and their variances add. That gives

    $$\mathrm{Var} \sum_j \gamma_j \langle \zeta_j, U_j \rangle \le \kappa\, E \sum_j \gamma_j
      |\zeta_j|^2$$

    with one $\kappa$ for all dimensions and grids, at most $2e^{\max \gamma}$ for every
    log-concave law.

    ## Step 4: the price without this

    Level by level one would pay $\sum_j \gamma_j c_j$, where $c_j$ is the largest eigenvalue of
    $\mathrm{Cov}(U_{t_j} \mid X_{t_j})$. It is about $1/(2t)$ for early times, and the sum has no
    bound at all. The figure has both prices.
    """)
    return


@app.function
def show(steps, decades):
    """The figure and its sentence: κ against how early the first time is."""
    firsts = 10.0 ** -np.arange(0.5, decades + 0.1, 0.5)
    rows = []
    for first in firsts:
        times = geometric_grid(first, 4.0, steps)
        gamma = weights(times)
        rows.append(
            (
                kappa_separate(times, gamma, 1.0),
                kappa_log_concave(times, gamma),
                kappa_gaussian(times, gamma, [1.0]),
            )
        )
    separate, joint, gaussian = np.transpose(rows)
    figure, (axes,) = plot()
    axes.plot(
        firsts,
        separate,
        "o-",
        color=style.COLOURS[4],
        label=r"each level by itself, λ = 1: $\Sigma\gamma_j c_j$",
    )
    axes.plot(
        firsts, joint, "s-", color=style.COLOURS[0], label="jointly, every log-concave law: κ"
    )
    axes.plot(firsts, gaussian, "^--", color=style.COLOURS[2], label="jointly, Gaussian, λ = 1: κ")
    axes.axhline(2, color=style.FAINT, ls=":", label="2, the best constant as max γ → 0")
    logarithmic(axes, x=True)
    axes.invert_xaxis()
    axes.set_xlabel("first time $t_1$")
    axes.set_ylabel("price of all levels together")
    gamma = weights(times)
    text = mo.md(
        rf"At $t_1$ = {firsts[-1]:.3g}, N = {steps}: $\kappa$ = **{joint[-1]:.3f}** ≤ "
        rf"$2e^{{\max\gamma}}$ = {kappa_universal(gamma):.3g}; level by level "
        rf"$\sum_j\gamma_j c_j$ = **{separate[-1]:.3f}**."
    )
    alt = (
        "Against ever earlier first times the joint price stays level, the separate one climbs; "
        f"N = {steps}."
    )
    return mo.vstack([picture(figure, alt), text])


@app.cell
def _():
    decades = mo.ui.slider(1, 9, value=5, label="first time down to 10^−…", show_value=True)
    steps = mo.ui.slider(
        10, 120, 10, value=60, label="time steps N, geometric up to t = 4", show_value=True
    )
    mo.vstack([decades, steps])
    return decades, steps


@app.cell
def _(decades, steps):
    show(steps.value, decades.value)
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## Look

    - Each decade of $t_1$ costs the separate account the same again. What does it cost the joint
      one?
    - Take few steps: $\kappa$ rises above 2. Which $\gamma_j$ is to blame, and what does
      $2e^{\max\gamma}$ say of it?
    """)
    return


@app.cell(hide_code=True)
def _():
    break_it(r"""
    The variance of $\sum_j \gamma_j U_j$ along simulated paths, against the formula with $M_{jl} =
    \sqrt{\gamma_j \gamma_l}\, \mathrm{Cov}(U_j, U_l)$; and against the decoy that takes the levels
    for independent. Plant it. On which grid would nobody notice?
    """)
    return


@app.function
def evidence(spacing, count=4000, steps=8, seed=4):
    """The claim of this lesson and its measurement: Var Σ γ_j U_j for N(0, 1) data."""
    times = uniform_grid(spacing, steps)
    gamma = weights(times)
    law = Gaussian(np.ones(1))
    rng = np.random.default_rng(seed)
    slices = simulate(law.sample(count, rng), times, rng)
    # U_t = Z_t/σ_t² + s(t, X_t), shape (N, count, 1).
    residual = np.stack(
        [s.z / noise_variance(s.step.t) + s.x @ law.score_matrix(s.step.t) for s in slices]
    )
    sums = path_sum(gamma, np.ones((steps, 1, 1)), residual)
    conditional = np.array([law.conditional_variances(t)[0] for t in times])
    # A sample variance of Gaussian sums has the relative error √(2/(n − 1)).
    value = float(np.var(sums, ddof=1))
    measured = Measured({"spacing": spacing}, value, value * float(np.sqrt(2 / (count - 1))), count)
    claim = Claim(
        name="lesson-4",
        statement=f"Var Σ_j γ_j U_j is Σ_jl M_jl √(γ_j γ_l), N(0, 1) data, Δ = {spacing:g}, N = "
        f"{steps}.",
        assumptions="Gaussian data.",
        source="bounds/concentration.py",
        origin="derived",
        kind="tight",
        measurement="this lesson",
        formula=lambda cell: gaussian_sum_variance(times, gamma, np.ones((steps, 1)), [1.0]),
        decoy=lambda cell: float(np.sum(gamma**2 * conditional)),
        decoy_note="levels taken for independent: Σ_j γ_j² c_j",
    )
    return claim, [measured]


@app.cell
def _():
    planted = mo.ui.switch(label="plant the decoy: independent levels")
    spacing = mo.ui.slider(
        steps=[0.05, 0.1, 0.3, 1.0, 3.0, 6.0], value=0.1, label="spacing Δ", show_value=True
    )
    mo.vstack([planted, spacing])
    return planted, spacing


@app.cell
def _(planted, spacing):
    judged(*evidence(spacing.value), planted.value)
    return


@app.cell(hide_code=True)
def _():
    exercises = (
        Exercise(
            r"A uniform grid with $\Delta = 0.1$. Which bound on $\kappa$ holds for every "
            r"log-concave law and "
            r"every $N$, by $2e^{\max\gamma}$?",
            2.21034,
            "2 e^{0.1}. (The sharper 1 + γ/(1 − e^{−γ}) gives 2.051.)",
            2,
            "That is the limit of ever finer grids.",
        ),
        Exercise(
            r"$\lambda = 1$, ever finer grids. By how much does the separate price $\sum_j "
            r"\gamma_j c_j$ grow when "
            r"$t_1$ falls from $10^{-3}$ to $10^{-6}$?",
            3.4539,
            "c_t is about 1/(2t) near 0, so the sum grows like ½ log(1/t_1): ½ log 1000.",
            6.9078,
            "Near 0, σ_t² is 2t, not t.",
        ),
        Exercise(
            r"Data $N(0, 1)$. What is $\mathrm{Cov}(U_t, U_{t'})$ at $t' = 0.3$, $t = 0.5$?",
            0.71083,
            "(e^{−g} σ_{t'}²/σ_t²) C_{t'}: most of the noise is shared.",
            0.99573,
            "e^{−g} C_{t'} is not all: the later residual is divided by its own, larger, σ_t².",
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
