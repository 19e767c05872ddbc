"""What an install puts where: `adapters/` as `probaug.adapters`, types marked, one version."""

import ast
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata, resources
from importlib.util import find_spec
from pathlib import Path

import pytest

import probaug

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
OURS = ("probaug", "adapters", "tests", "demo", "benchmarks", "docs", "examples", "tools")


def sources(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def test_version_is_said_once():
    assert metadata.version("probaug") == probaug.__version__ == PROJECT["project"]["version"]


def test_types_are_marked():
    assert resources.files("probaug").joinpath("py.typed").is_file()


def test_adapters_are_the_top_level_folder():
    spec = find_spec("probaug.adapters")
    assert spec is not None, "probaug.adapters is not importable: install with `pip install -e .`"
    assert Path(spec.origin or "").resolve() == ROOT / "adapters" / "__init__.py"


def test_every_package_is_listed():
    listed = set(PROJECT["tool"]["setuptools"]["packages"])
    found = {
        ".".join(path.parent.relative_to(ROOT).parts) for path in sources("probaug", "adapters")
    }
    assert {name.replace("adapters", "probaug.adapters", 1) for name in found} == listed


@pytest.mark.parametrize("path", sources(*OURS), ids=lambda path: str(path.relative_to(ROOT)))
def test_nobody_imports_bare_adapters(path):
    """It would make a second copy of every class in there."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        assert "adapters" not in {name.partition(".")[0] for name in names}, f"line {node.lineno}"


def test_wheel_holds_every_module(tmp_path):
    source = tmp_path / "source"  # away from build/lib, where modules deleted since may linger
    for folder in ("probaug", "adapters"):
        shutil.copytree(
            ROOT / folder, source / folder, ignore=shutil.ignore_patterns("__pycache__")
        )
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    command += ["--no-build-isolation", "--wheel-dir", str(tmp_path), str(source)]
    subprocess.run(command, check=True)
    (wheel,) = tmp_path.glob("probaug-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    package = {path.relative_to(ROOT).as_posix() for path in sources("probaug")}
    adapters = {f"probaug/{path.relative_to(ROOT).as_posix()}" for path in sources("adapters")}
    assert held == package | adapters | {"probaug/py.typed", "probaug/__init__.pyi"}
