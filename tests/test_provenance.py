"""Whose results are shown: by the settings in their manifests and by where they lie."""

import os
from copy import deepcopy

import dimfree
from studies import provenance
from studies.catalog import study

NAMES = ("error-vs-timestep", "evidence-rigor")
COMMITTED = {name: dimfree._read(dimfree.COMMITTED, study(name)) for name in NAMES}


def of_preset(name, preset):
    """The committed table of a study with the settings of another preset in its manifest."""
    table = deepcopy(COMMITTED[name])
    table.manifest["config"] = study(name).presets[preset].model_dump(mode="json")
    return table


def test_the_preset_is_that_of_all_tables():
    """Evidence has the same settings at quick and paper:
    what is measured beside it decides. A seed of one's own is none.
    """
    assert provenance.told(COMMITTED) == "preset paper"
    quick = {name: of_preset(name, "quick") for name in NAMES}
    assert provenance.told(quick) == "preset quick, a smoke test"
    assert provenance.told({"evidence-rigor": quick["evidence-rigor"]}) == "preset paper"
    mixed = {**quick, NAMES[0]: COMMITTED[NAMES[0]], NAMES[1]: of_preset(NAMES[1], "quick")}
    assert provenance.preset(mixed) == "paper"
    own = deepcopy(COMMITTED)
    own[NAMES[0]].manifest["config"]["seed"] += 1
    assert provenance.preset(own) is None
    assert provenance.told(own) == "settings of their own"


def test_the_newest_results_that_suffice(tmp_path):
    """By the newest manifest, in the folder or one below;
    a folder that lacks a study does not count.
    """
    wanted = [study(name) for name in NAMES]
    assert provenance.newest(wanted, tmp_path / "nowhere") is None

    def made(folder, names, time):
        folder.mkdir(exist_ok=True)
        for name in names:
            path = folder / f"{name}.json"
            path.touch()
            os.utime(path, (time, time))

    made(tmp_path / "half", NAMES[:1], 900)
    assert provenance.newest(wanted, tmp_path) is None
    made(tmp_path / "old", NAMES, 100)
    made(tmp_path / "new", NAMES, 200)
    assert provenance.newest(wanted, tmp_path) == tmp_path / "new"
    made(tmp_path, NAMES, 300)
    (tmp_path / "by-work").mkdir()
    made(tmp_path / "by-work" / "kumar_2025", NAMES, 250)
    assert provenance.newest(wanted, tmp_path) == tmp_path
    made(tmp_path / "by-work" / "kumar_2025", NAMES, 400)
    assert provenance.newest(wanted, tmp_path) == tmp_path / "by-work"
    made(tmp_path, NAMES, 500)
    assert provenance.newest(wanted, tmp_path) == tmp_path
    assert provenance.newest(wanted[:1], tmp_path) == tmp_path / "half"
