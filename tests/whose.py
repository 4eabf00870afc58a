"""Which test files are a module's own: they are asked first whether a broken one is noticed."""

from collections.abc import Mapping, Sequence

# Where they are not test_MODULE.py alone, in the same place below tests.
TESTS: Mapping[str, Sequence[str]] = {
    "catalog": ("check", "estimators"),
    "check": ("check", "inputs"),
    "claim": ("claim", "ledger"),
    "divergence": ("divergence", "reprs"),
    "features": ("features", "reprs"),
    "forgetting": ("papers.kumar_2025.forgetting",),
    "gaussian": ("gaussian", "reprs"),
    "gaussian_algebra": ("identities", "papers.kumar_2025.identities"),
    "gram": ("gram", "reprs"),
    "identities": ("identities", "papers.kumar_2025.identities"),
    "kernels": ("concentration",),
    "ledger": ("ledger", "claim"),
    "mixture": ("mixture", "reprs"),
    "papers.kumar_2025.beyond": ("papers.kumar_2025.bootstrap",),
    "papers.kumar_2025.every_m": ("papers.kumar_2025.forgetting",),
    "papers.kumar_2025.linear": ("ledger",),
    "papers.kumar_2025.published": ("papers.kumar_2025.rates",),
    "papers.kumar_2025.supermartingale": ("papers.kumar_2025.concentration",),
    "papers.kumar_2025.symbolic": ("papers.kumar_2025.identities",),
    "papers.domingo_enrich_2026.adjoint": ("papers.domingo_enrich_2026",),
    "papers.domingo_enrich_2026.targets": ("papers.domingo_enrich_2026",),
    "papers.domingo_enrich_2026.tilts": ("papers.domingo_enrich_2026",),
    "papers.smedira_2026.errors": ("papers.smedira_2026",),
    "papers.smedira_2026.lemmas": ("papers.smedira_2026",),
    "papers.smedira_2026.moments": ("papers.smedira_2026",),
    "papers.smedira_2026.statements": ("papers.smedira_2026",),
    "papers.wang_vastola_2024.digits": ("papers.wang_vastola_2024",),
    "papers.wang_vastola_2024.flows": ("papers.wang_vastola_2024",),
    "papers.wang_vastola_2024.line_laws": ("papers.wang_vastola_2024",),
    "papers.yu_2016.gaussian": ("papers.yu_2016",),
    "papers.yu_2016.quartic": ("papers.yu_2016",),
    "papers.zheng_2023_dpm_solver_v3.mean_reverting": ("papers.zheng_2023_dpm_solver_v3",),
    "papers.zheng_2023_dpm_solver_v3.model": ("papers.zheng_2023_dpm_solver_v3",),
    "papers.zheng_2023_dpm_solver_v3.orders": ("papers.zheng_2023_dpm_solver_v3",),
    "papers.zhu_2023.beside": ("papers.zhu_2023",),
    "papers.zhu_2023.causes": ("papers.zhu_2023",),
    "reverse": ("reverse", "reprs"),
}


def tests_of(module: str) -> list[str]:
    """The files that hold a module's own tests, from the root; module is of bounds, with dots."""
    places = [name.rpartition(".") for name in TESTS.get(module, (module,))]
    return [
        "/".join(["tests", *folder.split("."), f"test_{name}.py"]).replace("//", "/")
        for folder, _, name in places
    ]
