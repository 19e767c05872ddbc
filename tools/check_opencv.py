"""See that exactly one OpenCV is installed and that it can be imported.

The wheels of OpenCV's family all write the same `cv2` folder, so two of them mix their files. And
the ones with windows need libGL, which slim images lack: there the headless wheel of the same
version takes their place in this environment.
"""

import subprocess
import sys
from importlib import metadata

FAMILY = ("opencv-python", "opencv-contrib-python")
MISSING_LIBRARY = "cannot open shared object file"


def main() -> int:
    """Check, repair a missing libGL, say what is wrong; 0 if `import cv2` works in the end."""
    wheels = installed()
    error = import_error()
    windowed = next((name for name in FAMILY if name in wheels), None)
    if MISSING_LIBRARY in error and windowed:
        headless = f"{windowed}-headless=={wheels[windowed]}"
        print(f"import cv2 fails: {error}")
        print(f"This system has no libraries for windows; putting {headless} in place instead.")
        pip("uninstall", "--yes", *wheels)
        pip("install", "--no-deps", headless)
        error = import_error()
    elif len(wheels) > 1:
        print(advice(wheels))
    if error:
        print(f"import cv2 fails: {error}", file=sys.stderr)
    return int(bool(error))


def installed() -> dict[str, str]:
    """Return name and version of every installed wheel that writes the `cv2` folder."""
    found = {}
    for name in [*FAMILY, *(f"{name}-headless" for name in FAMILY)]:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def import_error() -> str:
    """Return the last line of what a fresh interpreter says to `import cv2`, empty if it works."""
    run = subprocess.run([sys.executable, "-c", "import cv2"], capture_output=True, text=True)
    if run.returncode == 0:
        return ""
    return (run.stderr.strip() or f"exit status {run.returncode}").splitlines()[-1]


def advice(wheels: dict[str, str]) -> str:
    """Say which wheels collide and how to keep one."""
    both = " and ".join(f"{name} {version}" for name, version in wheels.items())
    keep, version = next(iter(wheels.items()))
    return (
        f"{both} are installed together.\n"
        f"They write the same cv2 folder, so their files are mixed. Keep one, for example:\n"
        f"    {sys.executable} -m pip uninstall --yes {' '.join(wheels)}\n"
        f"    {sys.executable} -m pip install --no-deps {keep}=={version}"
    )


def pip(*arguments: str) -> None:
    """Run pip in this environment."""
    subprocess.run([sys.executable, "-m", "pip", *arguments], check=True)


if __name__ == "__main__":
    sys.exit(main())
