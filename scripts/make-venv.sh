#!/usr/bin/env bash
# make-venv.sh FOLDER [PYTHON]: a virtual environment of Python 3.11 or newer; one that works already is left as it is.
set -euo pipefail

folder=$1
wanted=${2:-}

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

if [ -x "$folder/bin/python" ] && is_new_enough "$folder/bin/python" && "$folder/bin/python" -m pip --version >/dev/null 2>&1; then
    exit 0
fi

python=""
for candidate in ${wanted:-python3 python3.14 python3.13 python3.12 python3.11}; do
    if is_new_enough "$candidate"; then
        python=$candidate
        break
    fi
done

if [ -z "$python" ]; then
    found=$("${wanted:-python3}" --version 2>/dev/null || echo "no ${wanted:-python3}")
    echo "Checkstand needs Python 3.11 or newer, and this machine has $found." >&2
    echo "Install a newer one, or name it: make run PYTHON=/path/to/python3.12" >&2
    exit 1
fi

if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    echo "$("$python" --version) has no 'venv' module. On Debian and Ubuntu: apt-get install python3-venv" >&2
    exit 1
fi

"$python" -m venv --clear "$folder"
