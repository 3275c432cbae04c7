#!/bin/sh
# A shell in a container of the app's image, or a command in one; beside a running service and without it.
#   ./scripts/console.sh
#   ./scripts/console.sh npm run admin -- help
#   ./scripts/console.sh npm run admin -- backup --out /backups
set -eu
cd "$(dirname "$0")/.."

if docker compose version >/dev/null 2>&1; then compose='docker compose'; else compose=docker-compose; fi
[ $# -gt 0 ] || set -- bash
# Without a terminal on both sides there is a pipe, which must get every byte as it is.
if [ -t 0 ] && [ -t 1 ]; then terminal=; else terminal=-T; fi
# It has the environment of the app, and the role that owns the tables, which what serves does not get.
# shellcheck disable=SC2086
exec $compose run --rm $terminal migrate "$@"
