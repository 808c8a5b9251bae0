from pathlib import Path

import pytest
from licences import dependencies, installed, objection

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def needed():
    return dependencies(ROOT / "pyproject.toml")


def test_dependencies_of_dependencies_are_looked_at(needed):
    # torch asks for sympy, which asks for mpmath; PySide6 for shiboken6.
    assert {"torch", "sympy", "mpmath", "shiboken6", "pytest"} <= needed


def test_no_dependency_is_gpl_or_agpl(needed):
    facts = installed()
    missing = sorted(needed - facts.keys())
    assert not missing, f"no licence facts for {missing}"
    objections = [objection(name, *facts[name]) for name in sorted(needed)]
    assert not [line for line in objections if line]


@pytest.mark.parametrize(
    "licence",
    [
        "GPL-3.0-only",
        "AGPL-3.0-or-later",
        "GNU General Public License v3 (GPLv3)",
        "GNU Affero General Public License v3",
        "MIT AND GPL-2.0-or-later",
        "LGPL-3.0-only",
        "GNU Lesser General Public License v3 (LGPLv3)",
        "UNKNOWN",
    ],
)
def test_policy_refuses(licence):
    assert objection("somebody", licence)


@pytest.mark.parametrize(
    ("name", "licence"),
    [
        ("somebody", "MIT"),
        ("somebody", "MPL-2.0 AND MIT"),
        ("somebody", "GPL-2.0-only OR BSD-3-Clause"),
        ("shiboken6", "LGPL-3.0-only OR GPL-2.0-only OR GPL-3.0-only"),
    ],
)
def test_policy_allows(name, licence):
    assert not objection(name, licence)


def test_undeclared_licence_is_believed_only_with_its_text():
    text = "\n   Apache License\n   Version 2.0, January 2004"
    assert not objection("faster-coco-eval", "UNKNOWN", text)
    assert objection("faster-coco-eval", "UNKNOWN", "GNU GENERAL PUBLIC LICENSE")


@pytest.mark.parametrize("said", ["libx264", "libx265", "THE EXCEPTION", "CC BY 4.0", "LGPL-3.0"])
def test_notice_names_what_is_owed(said):
    assert said in (ROOT / "NOTICE").read_text(encoding="utf-8")
