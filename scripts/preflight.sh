#!/bin/sh
# Finds a Python to build with and prints its path; names every missing thing with its remedy, and then fails.
# Usage: scripts/preflight.sh [python]
set -u

faults=0
fault() {
    faults=$((faults + 1))
    printf 'preflight: %s\n           %s\n' "$1" "$2" >&2
}

remedy() { # $1: Debian's package, $2: Homebrew's
    if [ "$(uname -s)" = Darwin ]; then
        echo "Try: brew install $2"
    elif command -v apt-get >/dev/null 2>&1; then
        echo "Try: apt-get install $1"
    elif command -v dnf >/dev/null 2>&1; then
        echo "Try: dnf install $2"
    else
        echo "Install $2 with your system's package manager."
    fi
}

is_fit() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1
}

find_python() {
    for candidate in "$@" python3.11 python3.12 python3.13 python3; do
        [ -n "$candidate" ] && is_fit "$candidate" && command -v "$candidate" && return
    done
    return 1
}

if python=$(find_python "${1:-}"); then
    "$python" -c 'import venv, ensurepip' >/dev/null 2>&1 ||
        fault "$python cannot make virtual environments (no module venv or ensurepip)." \
            "$(remedy "$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')" python@3.12)"
else
    found=$(python3 --version 2>&1 || echo none)
    fault "Postroom needs Python 3.11, 3.12 or 3.13; python3 here is: $found." \
        "$(remedy 'python3.11 python3.11-venv' python@3.12), or give one with: make setup PYTHON=/path/to/python3.12"
fi

command -v git >/dev/null 2>&1 || fault "git is missing." "$(remedy git git)"

case $(uname -s) in
Darwin) ;;
Linux)
    glibc=$(getconf GNU_LIBC_VERSION 2>/dev/null | awk '{print $2}')
    if [ -z "$glibc" ]; then
        fault "this Linux has no glibc, which the embedded servers need." \
            "Use a distribution with glibc 2.28 or newer, or docker-compose.yml."
    elif [ "$(printf '%s\n2.28\n' "$glibc" | sort -V | head -n 1)" != 2.28 ]; then
        fault "glibc is $glibc; the embedded servers need 2.28 or newer." \
            "Use a newer distribution (Debian 10, Ubuntu 18.10, RHEL 8 or later), or docker-compose.yml."
    fi
    ;;
*) fault "$(uname -s) is not supported." "Use Linux, macOS, or WSL 2 on Windows." ;;
esac

[ "$faults" -eq 0 ] || exit 1
echo "$python"
