#!/usr/bin/env bash
# test-tools.sh [node] [chromium] [pgbouncer]: makes sure that the programs which the tests drive are here. As root on a Debian-like
# system the missing ones are installed; elsewhere a sentence says what to install.
set -euo pipefail

updated=""

has_any() {
    local name
    for name in "$@"; do
        if command -v "$name" >/dev/null 2>&1; then return 0; fi
    done
    return 1
}

# install WHAT PACKAGE...: with the system's package manager, or a sentence and the end
install() {
    local what=$1
    shift
    if ! has_any apt-get || [ "$(id -u)" != 0 ]; then
        echo "The tests need $what. Install it (Debian and Ubuntu: sudo apt-get install $*), then run make test again." >&2
        exit 1
    fi
    echo "Installing $what ..."
    export DEBIAN_FRONTEND=noninteractive
    if [ -z "$updated" ]; then
        apt-get update -qq
        updated=yes
    fi
    apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

for tool in "$@"; do
    case $tool in
    node)
        has_any node || install "Node.js 18 or newer" nodejs npm
        has_any npm || install "npm" npm
        if ! node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)'; then
            echo "The tests need Node.js 18 or newer, and this machine has $(node --version)." >&2
            exit 1
        fi
        ;;
    chromium)
        # CHROMIUM names a browser that is not on the path
        if [ -x "${CHROMIUM:-}" ] || [ -x "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" ]; then continue; fi
        # the shell is the same engine without a window's parts: a page costs it a third of the time
        if has_any chromium-headless-shell; then continue; fi
        if has_any apt-get && [ "$(id -u)" = 0 ]; then
            (install "Chromium's headless shell" chromium-headless-shell fonts-liberation) 2>/dev/null && continue
        fi
        has_any chromium chromium-browser google-chrome google-chrome-stable \
            || install "Chromium or Google Chrome" chromium fonts-liberation
        ;;
    pgbouncer)
        PATH=$PATH:/usr/sbin has_any pgbouncer || install "PgBouncer" pgbouncer
        ;;
    *)
        echo "test-tools.sh knows node, chromium and pgbouncer, not $tool" >&2
        exit 2
        ;;
    esac
done
