"""Which licences a dependency may have, and which packages are dependencies."""

import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import requires

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

BOUND_TO_SOURCE = re.compile(r"\bA?GPL|(?<!Lesser )General Public License", re.IGNORECASE)
LESSER = re.compile(r"\bLGPL|Lesser General Public License", re.IGNORECASE)
LESSER_ALLOWED = {"pyside6-essentials", "shiboken6"}
"""Offered under the LGPL or the GPL, at the taker's choice: taken under the LGPL, as separate,
unmodified and replaceable shared libraries."""
UNDECLARED = {"faster-coco-eval": "Apache License"}
"""Packages whose metadata name no licence, with the heading of the licence file that they carry."""
VENDOR_PREFIXES = ("nvidia-", "cuda-")
"""What torch's CUDA build pulls in: the vendor's own terms, never the GPL."""


def dependencies(pyproject, extra="dev"):
    """Names of everything that pyproject.toml asks for here, with all that follows from it."""
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"][extra]]
    waiting = [Requirement(line) for line in asked]
    found, seen = set(), set()
    while waiting:
        requirement = waiting.pop()
        wanted = (canonicalize_name(requirement.name), frozenset(requirement.extras))
        if wanted in seen:
            continue
        seen.add(wanted)
        found.add(wanted[0])
        following = map(Requirement, requires(requirement.name) or ())
        waiting += [entry for entry in following if _holds(entry, requirement.extras)]
    return found


def installed():
    """Licence, and text of the licence file, of every installed package, by its plain name."""
    command = [sys.executable, "-m", "piplicenses", "--from=mixed", "--with-system"]
    command += ["--with-license-file", "--format=json"]
    answer = subprocess.run(command, check=True, capture_output=True, encoding="utf-8")
    return {
        canonicalize_name(row["Name"]): (row["License"], row["LicenseText"])
        for row in json.loads(answer.stdout)
    }


def objection(name, licence, text=""):
    """Why a package may not be depended on; empty where it may.

    Of several licences joined by OR one that is allowed is enough.
    """
    if name.startswith(VENDOR_PREFIXES):
        return ""
    if licence == "UNKNOWN":
        heading = UNDECLARED.get(name)
        known = heading is not None and text.lstrip().startswith(heading)
        return "" if known else f"{name}: no licence is declared; read it and decide"
    if any(_allowed(name, choice) for choice in re.split(r"\s+OR\s+", licence)):
        return ""
    return f"{name}: {licence}"


def _allowed(name, choice):
    if BOUND_TO_SOURCE.search(choice):
        return False
    return name in LESSER_ALLOWED or not LESSER.search(choice)


def _holds(requirement, extras):
    if requirement.marker is None:
        return True
    return any(requirement.marker.evaluate({"extra": extra}) for extra in (*extras, ""))
