#!/bin/sh
# Run by PostgreSQL's image in a new, empty server: makes the database and the two roles that .env names.
set -eu

case $DATABASE_URL in
  *@postgres/* | *@postgres:*) ;;
  *)
    echo 'DATABASE_URL names another server: this one stays empty'
    exit 0
    ;;
esac

part() {
  printf '%s\n' "$1" | sed -n "s|^postgres[a-z]*://\([^:@/]*\):\([^:@/]*\)@[^/]*/\([^/?]*\).*|$2|p"
}
if [ -z "$(part "$DATABASE_URL" x)" ] || [ -z "$(part "$DATABASE_OWNER_URL" x)" ]; then
  echo 'DATABASE_URL and DATABASE_OWNER_URL must be postgres://ROLE:PASSWORD@HOST/DATABASE, without special characters' >&2
  exit 1
fi

psql -v ON_ERROR_STOP=1 --no-password --no-psqlrc --username "${POSTGRES_USER:-postgres}" --dbname postgres \
  -v app="$(part "$DATABASE_URL" '\1')" -v app_password="$(part "$DATABASE_URL" '\2')" \
  -v owner="$(part "$DATABASE_OWNER_URL" '\1')" -v owner_password="$(part "$DATABASE_OWNER_URL" '\2')" \
  -v database="$(part "$DATABASE_OWNER_URL" '\3')" <<'END'
CREATE ROLE :"owner" LOGIN PASSWORD :'owner_password';
CREATE ROLE :"app" LOGIN PASSWORD :'app_password';
CREATE DATABASE :"database" OWNER :"owner";
END
