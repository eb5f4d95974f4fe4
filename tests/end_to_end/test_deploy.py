"""deploy/: what a service manager is given is what it can read, and what our program takes."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.samples import CHECKOUT

UNITS = sorted((CHECKOUT / "deploy").glob("feedbridge*"))
PROGRAM = "/usr/local/bin/feedbridge"


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_takes_each_unit(unit, tmp_path):
    """With the program where it is here: systemd asks whether it is there."""
    verify = shutil.which("systemd-analyze")
    if verify is None:
        pytest.skip("this host has no systemd")
    program = shutil.which("true")
    for each in UNITS:
        text = each.read_text(encoding="utf-8").replace(PROGRAM, str(program))
        (tmp_path / each.name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        [verify, "verify", "--man=no", tmp_path / unit.name], capture_output=True, text=True, check=False
    )
    assert (done.returncode, _about(done.stderr, tmp_path)) == (0, [])


def _about(said: str, place: Path) -> list[str]:
    """Return the lines about our units: systemd finds fault with others of the host's, too."""
    return [line for line in said.splitlines() if str(place) in line or "feedbridge" in line]


@pytest.mark.parametrize(
    "unit", [unit for unit in UNITS if unit.suffix == ".service"], ids=lambda unit: unit.name
)
def test_the_program_takes_what_a_unit_says(unit):
    """Its options and commands are ours."""
    [command] = re.findall(rf"^ExecStart={PROGRAM} (.*)$", unit.read_text(encoding="utf-8"), re.MULTILINE)
    arguments = [sys.executable, "-m", "feedbridge", *command.split(), "--help"]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
