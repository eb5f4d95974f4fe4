# shellcheck shell=bash
# Sourced by run, check and test: `set_up run` or `set_up dev` makes the virtual environment .venv
# of this checkout and puts its commands on PATH. What is there and still fits is left alone, so
# that a second call costs nothing; what an interruption left unfinished is made anew.

root=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
venv=$root/.venv

say() { printf '%s\n' "$*" >&2; }

set_up() { # GROUP: "run", the program; "dev", also what its checks and tests need
  if [[ $1 == dev ]]; then
    set_up run
  fi
  is_sound || make_venv
  local stamp=$venv/$1.stamp project
  project=$(<"$root/pyproject.toml")
  if [[ ! -f $stamp || $(<"$stamp") != "$project" ]]; then
    say "Installing into .venv ($1) …"
    : >"$venv/unfinished"
    (cd -- "$root" && "install_$1")
    printf '%s\n' "$project" >"$stamp"
    rm -- "$venv/unfinished"
  fi
  PATH=$venv/bin:$PATH
}

install_run() { pip_install --editable .; }

install_dev() {
  pip_install 'pip>=25.1' # the first one that reads dependency groups
  pip_install --group dev
}

pip_install() { "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$@"; }

is_sound() { # finished, not moved (a command names the place of its Python), of a Python that is still there
  [[ ! -e $venv/unfinished && -f $venv/bin/pip && $(<"$venv/bin/pip") == *"$venv/bin/python"* ]] &&
    fits_us "$venv/bin/python" pip
}

make_venv() {
  local python
  find_python || install_python
  say "Making .venv with $("$python" --version) …"
  rm -rf -- "$venv"
  mkdir -- "$venv"
  : >"$venv/unfinished"
  "$python" -m venv "$venv"
  rm -- "$venv/unfinished"
}

find_python() { # sets `python` to the newest one that can make virtual environments
  local candidate
  while read -r candidate; do
    # Asked one by one: a name on PATH may be a launcher that knows no such version.
    if fits_us "$candidate" ensurepip,venv; then
      python=$candidate
      return
    fi
  done < <(python_names)
  return 1
}

python_names() {
  compgen -c python3. | grep -E '^python3\.[0-9]+$' | sort -t. -k2,2nr -u || true
  echo python3
}

fits_us() { # PYTHON MODULES that it must have
  "$1" -c "import sys, $2; v = sys.version_info; sys.exit(v < (3, 11) or v.releaselevel != 'final')" 2>/dev/null
}

install_python() { # Debian's python3 comes without the modules that make virtual environments
  if can_install; then
    say 'No Python ≥ 3.11 that can make virtual environments: installing python3-venv …'
    install_packages python3-venv && find_python && return
  fi
  say 'Needed: Python ≥ 3.11 with its modules venv and ensurepip.' \
    'On Debian or Ubuntu: sudo apt-get install python3-venv'
  exit 1
}

can_install() { [[ $EUID -eq 0 ]] && command -v apt-get >/dev/null; }

install_packages() { # NAMES of Debian packages
  apt-get update -qq >&2 &&
    DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends "$@" >&2
}
