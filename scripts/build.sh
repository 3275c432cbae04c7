#!/bin/sh
# Builds undefined-behavior-app:TAG and undefined-behavior-entry:TAG from one build of the application.
#   ./scripts/build.sh TAG [options of docker build]
# scripts/build-image.sh names the variables for mirrors.
set -eu

if [ $# -eq 0 ] || [ "${1#-}" != "$1" ]; then
  echo 'usage: ./scripts/build.sh TAG [options of docker build]' >&2
  exit 2
fi
scripts=$(dirname "$0")
"$scripts/build-image.sh" entry "$@"
"$scripts/build-image.sh" app "$@"

# The second found the build of the first in Docker's cache, unless something emptied it meanwhile.
build=$(docker run --rm --network none --entrypoint cat "undefined-behavior-app:$1" .next/BUILD_ID)
if ! docker run --rm --network none --entrypoint test "undefined-behavior-entry:$1" -d "/entry/files/static/_next/static/$build"; then
  echo "the two images are of different builds: run $0 $1 again" >&2
  exit 1
fi
echo "undefined-behavior-app:$1 and undefined-behavior-entry:$1 are of one build ($build)"
