"""Run mypy over probaug with `adapters/` in its place as `probaug.adapters`.

mypy names modules after their folders and does not see through the import hook of an editable
install. So the sources are copied to build/types the way an install lays them out, and checked
there; messages name the files of the repository. Arguments are passed on to mypy.
"""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STAGE = ROOT / "build" / "types"


def main() -> int:
    """Lay out, check, and return mypy's exit status."""
    config = ROOT / "pyproject.toml"
    moved = tomllib.loads(config.read_text("utf-8"))["tool"]["setuptools"]["package-dir"]
    folders = {"probaug": "probaug"} | {name.replace(".", "/"): at for name, at in moved.items()}
    shutil.rmtree(STAGE, ignore_errors=True)
    for staged, folder in folders.items():
        shutil.copytree(ROOT / folder, STAGE / staged, ignore=shutil.ignore_patterns("__pycache__"))

    command = [sys.executable, "-m", "mypy", "--config-file", config, "-p", "probaug"]
    command += ["--cache-dir", ROOT / ".mypy_cache", *sys.argv[1:]]
    run = subprocess.run(command, cwd=STAGE, stdout=subprocess.PIPE, text=True)
    report = run.stdout
    for staged, folder in folders.items():
        report = re.sub(f"^{re.escape(staged)}/", f"{folder}/", report, flags=re.MULTILINE)
    print(report, end="")
    return run.returncode


if __name__ == "__main__":
    sys.exit(main())
