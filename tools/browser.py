"""Find a Chromium or Chrome for the browser tests, or install Debian's: `make browser`.

CHROMIUM=/path/to/chromium chooses one. Any Python 3 can start this script.
"""

import os
import shutil
import subprocess
import sys

NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome"]
PLACES = [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
]
APT = ["apt-get", "-qq", "-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=20"]
PACKAGES = ["chromium", "fonts-dejavu-core"]
ELSEWHERE = """No Chromium was found, so that the browser tests are skipped. To run them, install Chromium or Chrome:
  Debian, as root   make browser
  Debian            sudo apt-get install chromium
  Ubuntu            sudo snap install chromium
  macOS             brew install --cask chromium
Or say where it is: CHROMIUM=/path/to/chromium make test"""


def find():
    """Path of the browser, or None. CHROMIUM, if set, is the only candidate."""
    wanted = os.environ.get("CHROMIUM")
    for name in [wanted] if wanted else NAMES + PLACES:
        path = shutil.which(name)
        if path:
            return path
    return None


def is_debian(release="/etc/os-release"):
    """Whether this is Debian itself; Ubuntu's package of that name only points to a snap."""
    try:
        with open(release) as file:
            return any(line.strip() == "ID=debian" for line in file)
    except OSError:
        return False


def can_install():
    """Whether apt-get may be used: on Debian, as root, and nobody asked for another browser."""
    return "CHROMIUM" not in os.environ and os.geteuid() == 0 and is_debian() and shutil.which("apt-get") is not None


def install():
    """Install Debian's packages; whether that worked. apt-get's own messages are shown."""
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    commands = [[*APT, "update"], [*APT, "install", "-y", "--no-install-recommends", *PACKAGES]]
    try:
        return all(subprocess.run(command, env=environment).returncode == 0 for command in commands)
    except OSError:
        return False


def main():
    """Exit code 0 if there is a browser in the end."""
    if find() is None and can_install():
        print("Installing " + " and ".join(PACKAGES), flush=True)
        install()
    path = find()
    print("Browser for the tests: " + path if path else ELSEWHERE, flush=True)
    return 0 if path else 1


if __name__ == "__main__":
    sys.exit(main())
