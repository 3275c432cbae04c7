#!/bin/sh
# Builds one image of the Dockerfile: build-image.sh app|entry TAG [options of docker build]
#   NODE_IMAGE, NGINX_IMAGE       other base images
#   NPM_REGISTRY, DEBIAN_MIRROR   other places for packages, such as a mirror nearby
set -eu

target=$1
tag=$2
shift 2
cd "$(dirname "$0")/.."

for name in NODE_IMAGE NGINX_IMAGE NPM_REGISTRY DEBIAN_MIRROR; do
  eval "value=\${$name:-}"
  [ -z "$value" ] || set -- "$@" --build-arg "$name=$value"
done
exec docker build --target "$target" --tag "undefined-behavior-$target:$tag" "$@" .
