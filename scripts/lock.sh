#!/usr/bin/env bash
# lock.sh: resolves pyproject.toml in fresh environments and writes what was chosen:
#   requirements.lock                     what the server needs
#   requirements-dev.lock                 what the tests need beside it
#   tests/clients/python/*.lock           older clients, as tests/clients/versions.toml has them, which live in folders of their own
#   tests/clients/{js,adapters}/package*  JavaScript's clients and adapters of the same table
#   tests/clients/python/localstripe.lock a stand-in for Stripe that ours is compared with, in one as well
# Plain `name==version` lines: any package index serves them, and each platform takes its own wheels.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fresh() { # fresh NAME: an empty environment
    scripts/make-venv.sh "$work/$1" "${PYTHON:-}"
}

pip_in() { # pip_in NAME ARGUMENT...
    local name=$1
    shift
    "$work/$name/bin/python" -m pip --disable-pip-version-check "$@"
}

freeze() { # freeze NAME FILE: the pins, refusing one that only this machine could resolve
    pip_in "$1" freeze --exclude checkstand --exclude pip --exclude setuptools >"$2"
    if grep -n ' @ ' "$2"; then
        echo "These came from a local file and can't be pinned by version." >&2
        exit 1
    fi
}

echo "Resolving what the server needs ..."
fresh server
pip_in server install --quiet .
freeze server "$work/server.txt"

echo "Resolving what the tests need ..."
fresh tests
pip_in tests install --quiet --constraint "$work/server.txt" ".[dev]"
freeze tests "$work/tests.txt"

{
    echo "# What the server runs with. Written by \`make lock\` from pyproject.toml; not edited by hand."
    cat "$work/server.txt"
} >requirements.lock
{
    echo "# What the tests need beside requirements.lock. Written by \`make lock\`; not edited by hand."
    echo "-r requirements.lock"
    grep -vxFf "$work/server.txt" "$work/tests.txt"
} >requirements-dev.lock

clients() { # clients LANGUAGE: place, package and version of each client of the table that has a place of its own
    "$work/server/bin/python" - "$1" <<'PYTHON'
import sys, tomllib
for place, row in tomllib.load(open("tests/clients/versions.toml", "rb"))[sys.argv[1]].items():
    if not place.startswith(".venv/"):
        print(place, row.get("package", place), row["version"])
PYTHON
}

while read -r place package version; do
    echo "Resolving $package $version ..."
    fresh "$place"
    pip_in "$place" install --quiet "$package==$version" </dev/null
    freeze "$place" "$work/$place.txt" </dev/null
    {
        echo "# An official client and what it needs. Written by \`make lock\`; not edited by hand."
        cat "$work/$place.txt"
    } >"tests/clients/python/$place.lock"
done < <(clients python)

# JavaScript's clients live beside each other under names of their own, the adapters with the frameworks that they are for.
while read -r place package version; do
    [ "$place" = "$package" ] && wanted=$version || wanted=npm:$package@$version
    npm --prefix tests/clients/js pkg set "dependencies.$place=$wanted" </dev/null
done < <(clients javascript)
while read -r place package version; do
    npm --prefix tests/clients/adapters pkg set "dependencies.$place=$version" </dev/null
done < <(clients adapters)
for folder in tests/clients/js tests/clients/adapters; do
    (cd "$folder" && npm install --package-lock-only --ignore-scripts --loglevel=error)
done

echo "Resolving localstripe ..."
fresh localstripe
pip_in localstripe install --quiet localstripe
freeze localstripe "$work/localstripe.txt"
{
    echo "# A stand-in for Stripe by others and what it needs. Written by \`make lock\`; not edited by hand."
    cat "$work/localstripe.txt"
} >tests/clients/python/localstripe.lock

wc -l requirements.lock requirements-dev.lock tests/clients/python/*.lock
