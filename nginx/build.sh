#!/bin/sh
# Builds the entry's image alone: ./nginx/build.sh TAG [options of docker build]
# Its files are those of this checkout. Beside an app of another build they harm nobody: what nginx lacks, it asks the app for.
set -eu

if [ $# -eq 0 ] || [ "${1#-}" != "$1" ]; then
  echo 'usage: ./nginx/build.sh TAG [options of docker build]' >&2
  exit 2
fi
exec "$(dirname "$0")/../scripts/build-image.sh" entry "$@"
