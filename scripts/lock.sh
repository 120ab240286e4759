#!/usr/bin/env bash
# lock.sh: resolves pyproject.toml in fresh environments and writes what was chosen:
#   requirements.lock                     what the server needs
#   requirements-dev.lock                 what the tests need beside it
#   tests/clients/python/polar-*.lock     the generated Polar clients, which live in folders of their own
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

# 0.32 is the last generated client, 0.31 the last that refuses a customer without a picture, 0.16 the last that can still send
# `product_id` in place of `products`, 0.13 the one of the oldest guides.
for version in 0.32.0 0.31.7 0.16.13 0.13.3; do
    minor=${version%.*}
    echo "Resolving the Polar client $version ..."
    fresh "polar-$minor"
    pip_in "polar-$minor" install --quiet "polar-sdk==$version"
    freeze "polar-$minor" "$work/polar-$minor.txt"
    {
        echo "# A generated Polar client and what it needs. Written by \`make lock\`; not edited by hand."
        cat "$work/polar-$minor.txt"
    } >"tests/clients/python/polar-$minor.lock"
done

echo "Resolving localstripe ..."
fresh localstripe
pip_in localstripe install --quiet localstripe
freeze localstripe "$work/localstripe.txt"
{
    echo "# A stand-in for Stripe by others and what it needs. Written by \`make lock\`; not edited by hand."
    cat "$work/localstripe.txt"
} >tests/clients/python/localstripe.lock

wc -l requirements.lock requirements-dev.lock tests/clients/python/polar-*.lock
