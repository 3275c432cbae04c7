#!/bin/sh
# Makes .env for docker-compose.yml, with every secret at random: ./scripts/env.sh [APP_URL]
# What is there already stays as it is.
set -eu
umask 077
cd "$(dirname "$0")/.."

address=${1:-https://localhost}
case $address in
  http://?* | https://?*) ;;
  *)
    echo "APP_URL must be a scheme and a host such as https://chat.example.com, not $address" >&2
    exit 2
    ;;
esac
if [ -e .env ]; then
  echo '.env is there already and stays as it is' >&2
  [ $# -eq 0 ]
  exit
fi

# PostgreSQL's own user runs it in its container, whatever the umask of the checkout was.
chmod a+rx db/create-roles.sh

random() {
  od -An -v -N "$1" -tx1 /dev/urandom | tr -d ' \n'
}

new=.env.$$
trap 'rm -f "$new"' EXIT
cat >"$new" <<END
# Made by scripts/env.sh. Keep a copy elsewhere: without ENCRYPTION_KEY the vendors' keys in a backup cannot be read.
# README.md and .env.example name what else can be set here. No quotation marks, no dollar signs.

# The one address of the service, as people type it.
APP_URL=$address

# Which images: the TAG that ./scripts/build.sh was given.
TAG=latest

AUTH_SECRET=$(random 32)
ENCRYPTION_KEY=$(random 32)

# PostgreSQL's administrator, the role that serves and the role that owns the tables. The database takes the passwords
# when it is first made; changed later, they must be changed there too.
POSTGRES_PASSWORD=$(random 24)
DATABASE_URL=postgres://ub_app:$(random 24)@postgres:5432/undefined_behavior
DATABASE_OWNER_URL=postgres://ub_owner:$(random 24)@postgres:5432/undefined_behavior
END
# A link does not replace what somebody else has just made.
ln "$new" .env
echo "made .env for $address; ./scripts/build.sh latest and docker compose up -d come next"
