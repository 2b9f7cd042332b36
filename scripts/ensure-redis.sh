#!/bin/sh
# Makes sure redis-server (or valkey-server) is on PATH, by the system's package manager where it is not.
# The server runs only for tests, each on a port and in a folder of its own. Exit code 0: one is there.
set -u

found() { command -v redis-server || command -v valkey-server; }

found >/dev/null && exit 0

fail() {
  echo "ensure-redis: $1; install redis-server 7.0+ or valkey-server 7.2+ by hand" >&2
  exit 1
}

if [ "$(id -u)" = 0 ]; then
  root=""
elif command -v brew >/dev/null; then
  root=""
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
  root="sudo -n"
else
  fail "no redis-server on PATH, and neither root nor password-free sudo to install one"
fi

install() {
  if command -v apt-get >/dev/null; then
    # Two test processes may both arrive here: the second waits for the first's lock.
    $root env DEBIAN_FRONTEND=noninteractive apt-get update -q &&
      $root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=180 redis-server
  elif command -v apk >/dev/null; then
    $root apk add --no-cache redis || $root apk add --no-cache valkey
  elif command -v dnf >/dev/null; then
    $root dnf install -q -y redis || $root dnf install -q -y valkey
  elif command -v brew >/dev/null; then
    brew install redis
  else
    echo "no apt-get, apk, dnf or brew" >&2
    return 1
  fi
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
install >"$log" 2>&1 || fail "installing failed ($(tail -n 1 "$log"))"
found >/dev/null || fail "installing succeeded, but no redis-server is on PATH"
echo "ensure-redis: installed $(found)"
