#!/usr/bin/env bash
# Fetches the peers that `cargo run --release -p dopec-bench` compares with: compilers, OpenBLAS and Eigen by apt-get
# where there is one, and numpy, onnx, onnxruntime and MKL from PyPI into bench/.venv. Says what it does; what is there
# already is left alone, so that it may be run again at any time. What can't be had is named, and the bench does without.
set -euo pipefail
cd "$(dirname "$0")"

say() { echo "setup: $*"; }

packages=()
command -v gcc >/dev/null || packages+=(gcc libc6-dev)
command -v g++ >/dev/null || packages+=(g++)
command -v python3 >/dev/null || packages+=(python3)
python3 -c 'import ensurepip, venv' 2>/dev/null || packages+=(python3-venv)
headers() { echo "#include $1" | g++ -x c++ -fsyntax-only - 2>/dev/null; }
headers '<openblas_config.h>' || [ -n "$(ls -d /usr/include/*/openblas_config.h /usr/include/*/openblas*/openblas_config.h 2>/dev/null)" ] ||
    packages+=(libopenblas-dev)
[ -d /usr/include/eigen3/Eigen ] || packages+=(libeigen3-dev)
if [ ${#packages[@]} -eq 0 ]; then
    say "gcc, g++, python3, OpenBLAS and Eigen are here"
elif command -v apt-get >/dev/null; then
    say "installing ${packages[*]} with apt-get"
    sudo=$([ "$(id -u)" = 0 ] || echo sudo)
    $sudo apt-get update -qq
    $sudo apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
else
    say "there is no apt-get here; install by other means: ${packages[*]}"
fi

if [ -x .venv/bin/python ] && cmp -s requirements.txt .venv/requirements.txt; then
    say "bench/.venv holds the versions of bench/requirements.txt"
else
    say "making bench/.venv with the versions of bench/requirements.txt (about 700 MB)"
    rm -rf .venv
    python3 -m venv .venv
    .venv/bin/pip install --quiet --disable-pip-version-check -r requirements.txt
    cp requirements.txt .venv/requirements.txt
fi
say "done: cargo run --release -p dopec-bench -- --help"
