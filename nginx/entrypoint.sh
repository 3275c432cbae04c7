#!/bin/sh
# Writes nginx's configuration from the templates and the environment, and runs nginx with it.
#   entrypoint.sh          serves, in the foreground
#   entrypoint.sh check    writes the configuration and lets nginx read it
#   entrypoint.sh reload   the same, and hands it to the nginx that runs (after a certificate was renewed or first mounted)
#
#   BACKEND_URL       host and port of the service behind, scheme optional (http://app:3000)
#   APP_URL           the service's public address; gives the name in the self-signed certificate and the redirect's port
#   TLS               mounted, self-signed or off; without it: mounted when there is a certificate, else self-signed
#   CERTIFICATES      folder of fullchain.pem and privkey.pem; a self-signed pair is kept there too (/etc/nginx/certificates)
#   REAL_IP_FROM      addresses and CIDR ranges of proxies in front whose X-Forwarded-* is believed (none)
#   HTTP_PORT, HTTPS_PORT    what to listen on (80, 443)
#   RESOLVER          name server for BACKEND_URL's host (those of /etc/resolv.conf)
#   ENTRY_FILES, ENTRY_STATE, ENTRY_LOG, NGINX_BINARY   where built files are, where to write, where to log, which nginx
set -eu

fail() {
  echo "entry: $*" >&2
  exit 1
}

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
NGINX_BINARY=${NGINX_BINARY:-$(command -v nginx || echo /usr/sbin/nginx)}
ENTRY_FILES=${ENTRY_FILES:-$here/files}
ENTRY_STATE=${ENTRY_STATE:-/tmp/entry}
ENTRY_LOG=${ENTRY_LOG:-/dev/stdout}
CERTIFICATES=${CERTIFICATES:-/etc/nginx/certificates}
HTTP_PORT=${HTTP_PORT:-80}
HTTPS_PORT=${HTTPS_PORT:-443}
APP_URL=${APP_URL:-}
config=$ENTRY_STATE/nginx.conf

version_number() {
  "$NGINX_BINARY" -v 2>&1 | sed -n 's|.*nginx/\([0-9]*\)\.\([0-9]*\)\.\([0-9]*\).*|\1 \2 \3|p' |
    awk '{ printf "%d%03d%03d", $1, $2, $3 }'
}

# The name of a host in an address such as http://app:3000 or [::1]:3000.
name_of() {
  printf '%s' "$1" | sed -e 's|^\[\([^]]*\)\].*|\1|; t' -e 's|:.*||'
}

# Names of /etc/hosts are known to the system only: nginx's own resolver asks name servers and nobody else.
is_known_here() {
  case $1 in
    localhost | *[!0-9.]*) ;;
    *) return 0 ;;
  esac
  case $1 in *:*) return 0 ;; esac
  [ "$1" = localhost ] ||
    awk -v name="$1" '{ sub(/#.*/, ""); for (i = 2; i <= NF; i++) if ($i == name) found = 1 } END { exit !found }' /etc/hosts
}

choose_backend() {
  backend=${BACKEND_URL:-http://app:3000}
  case $backend in https://*) fail "BACKEND_URL: the service behind speaks http, not https: $backend" ;; esac
  backend=${backend#http://}
  backend=${backend%/}
  case $backend in
    '' | */* | *@* | *[!a-zA-Z0-9.:_\[\]-]*) fail "BACKEND_URL must be a host and a port such as app:3000, not ${BACKEND_URL:-}" ;;
  esac
  name=$(name_of "$backend")
  case $backend in
    \[*\]:[0-9]*) ;;
    \[*\]) backend=$backend:80 ;;
    *:*[!0-9]* | *:) fail "BACKEND_URL must end with a port number: ${BACKEND_URL:-}" ;;
    *:*) ;;
    *) backend=$backend:80 ;;
  esac
  BACKEND=$backend
  RESOLVER=${RESOLVER:-$(awk '$1 == "nameserver" { print ($2 ~ /:/ ? "[" $2 "]" : $2) }' /etc/resolv.conf 2>/dev/null | tr '\n' ' ')}
  # A name may appear after us and move: whoever asks for it at the start only would not start, or speak to nobody later.
  if is_known_here "$name" || [ -z "$RESOLVER" ]; then
    backend_template='backend-fixed'
  elif [ "$version" -ge 1027003 ]; then
    backend_template='backend-resolved'
  else
    backend_template='backend-asked'
  fi
}

choose_name() {
  SERVER_NAME=_
  common_name=localhost
  PORT_SUFFIX=
  case $APP_URL in
    http://* | https://*)
      authority=$(printf '%s' "${APP_URL#*://}" | sed 's|/.*||')
      common_name=$(name_of "$authority")
      case $common_name in '' | *[!a-zA-Z0-9.:-]*) fail "APP_URL has no host that can be served: $APP_URL" ;; esac
      case $common_name in *:*) ;; *) SERVER_NAME=$common_name ;; esac
      case $APP_URL:$authority in https:*:[0-9]*) PORT_SUFFIX=$(printf '%s' "$authority" | sed -n 's|.*\(:[0-9][0-9]*\)$|\1|p') ;; esac
      ;;
    '') ;;
    *) fail "APP_URL must be a scheme and a host such as https://chat.example.com, not $APP_URL" ;;
  esac
}

choose_tls() {
  certificate=$CERTIFICATES/fullchain.pem
  key=$CERTIFICATES/privkey.pem
  if [ -z "${TLS:-}" ]; then
    if [ -e "$certificate" ] || [ -e "$key" ]; then TLS=mounted; else TLS=self-signed; fi
  fi
  HSTS='' HIDE_HSTS='' redirects=no
  case $TLS in
    off) ;;
    mounted)
      if [ ! -r "$certificate" ] || [ ! -r "$key" ]; then fail "TLS=mounted needs $certificate and $key, readable for user $(id -u)"; fi
      HSTS='max-age=31536000'
      HIDE_HSTS='proxy_hide_header Strict-Transport-Security;'
      redirects=yes
      ;;
    self-signed)
      certificate=$CERTIFICATES/self-signed.pem
      key=$CERTIFICATES/self-signed.key
      make_certificate
      HIDE_HSTS='proxy_hide_header Strict-Transport-Security;'
      # A browser warns of such a certificate: people are sent to it only where the operator said https.
      case $APP_URL in https://*) redirects=yes ;; esac
      ;;
    *) fail "TLS must be mounted, self-signed or off, not $TLS" ;;
  esac
  CERTIFICATE=$certificate
  CERTIFICATE_KEY=$key
  if [ "$version" -ge 1025001 ]; then LISTEN_HTTP2='' HTTP2_ON='http2 on;'; else LISTEN_HTTP2=' http2' HTTP2_ON=''; fi
}

make_certificate() {
  if [ -s "$certificate" ] && [ -s "$key" ]; then return; fi
  command -v openssl >/dev/null || fail 'no certificate is mounted and there is no openssl to make one: mount one, or set TLS=off'
  mkdir -p "$CERTIFICATES" 2>/dev/null && [ -w "$CERTIFICATES" ] ||
    fail "cannot write a self-signed certificate to $CERTIFICATES: mount a certificate, make it writable for user $(id -u), or set TLS=off"
  case $common_name in
    *:* | [0-9]*.[0-9]*.[0-9]*.[0-9]*) subject=IP:$common_name ;;
    *) subject=DNS:$common_name ;;
  esac
  old_mask=$(umask)
  umask 077
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -sha256 -days 3650 \
    -subj "/CN=$(printf '%.60s' "$common_name")" -addext "subjectAltName=$subject" \
    -keyout "$key.new" -out "$certificate.new" 2>"$ENTRY_STATE/openssl.log" ||
    fail "openssl could not make a certificate: $(cat "$ENTRY_STATE/openssl.log")"
  mv "$key.new" "$key"
  mv "$certificate.new" "$certificate"
  umask "$old_mask"
  echo "entry: made a self-signed certificate for $common_name in $CERTIFICATES; browsers will warn of it" >&2
}

choose_real_ip() {
  REAL_IP='' TRUSTED_RANGES=''
  for range in $(printf '%s' "${REAL_IP_FROM:-}" | tr ',' ' '); do
    case $range in *[!0-9a-fA-F.:/]*) fail "REAL_IP_FROM: \"$range\" is not an address or a CIDR range" ;; esac
    REAL_IP="$REAL_IP  set_real_ip_from $range;
"
    TRUSTED_RANGES="$TRUSTED_RANGES    $range 1;
"
  done
}

listen_on_ipv6() {
  # A machine without IPv6 has no such address to listen on.
  if [ -e /proc/net/if_inet6 ]; then echo yes; else echo no; fi
}

render() {
  export BACKEND RESOLVER SERVER_NAME PORT_SUFFIX HSTS HIDE_HSTS CERTIFICATE CERTIFICATE_KEY LISTEN_HTTP2 HTTP2_ON
  export REAL_IP TRUSTED_RANGES ENTRY_FILES ENTRY_STATE ENTRY_LOG HTTP_PORT HTTPS_PORT LISTEN_PLAIN_6 LISTEN_TLS_6
  for template in "$@"; do
    envsubst '${BACKEND} ${RESOLVER} ${SERVER_NAME} ${PORT_SUFFIX} ${HSTS} ${HIDE_HSTS} ${CERTIFICATE} ${CERTIFICATE_KEY}
      ${LISTEN_HTTP2} ${HTTP2_ON} ${REAL_IP} ${TRUSTED_RANGES} ${ENTRY_FILES} ${ENTRY_STATE} ${ENTRY_LOG}
      ${HTTP_PORT} ${HTTPS_PORT} ${LISTEN_PLAIN_6} ${LISTEN_TLS_6}' \
      <"$here/templates/${template%=*}.conf.template" >"$ENTRY_STATE/${template#*=}.conf"
  done
}

configure() {
  command -v envsubst >/dev/null || fail 'envsubst is missing (Debian: gettext-base)'
  [ -d "$ENTRY_FILES/pages" ] || fail "$ENTRY_FILES holds no pages; npm run build and scripts/entry-files.ts make them"
  mkdir -p "$ENTRY_STATE/temp" "$ENTRY_STATE/cache" "$ENTRY_STATE/acme"
  version=$(version_number)
  [ "${version:-0}" -ge 1022000 ] || fail "nginx 1.22 or newer is needed, $NGINX_BINARY is not"
  choose_backend
  choose_name
  choose_tls
  choose_real_ip
  LISTEN_PLAIN_6='' LISTEN_TLS_6=''
  if [ "$(listen_on_ipv6)" = yes ]; then
    LISTEN_PLAIN_6="listen [::]:$HTTP_PORT default_server;"
    LISTEN_TLS_6="listen [::]:$HTTPS_PORT ssl$LISTEN_HTTP2 default_server;"
  fi
  render nginx "$backend_template=backend" languages logging limits cache site proxy public-page own-headers
  if [ $redirects = yes ]; then render server-redirect=server-plain; else render server-plain; fi
  if [ "$TLS" = off ]; then : >"$ENTRY_STATE/server-tls.conf"; else render server-tls; fi
}

run_nginx() {
  "$NGINX_BINARY" -e stderr -p "$ENTRY_STATE" -c "$config" "$@"
}

configure
case ${1:-serve} in
  serve) exec "$NGINX_BINARY" -e stderr -p "$ENTRY_STATE" -c "$config" -g 'daemon off;' ;;
  check) run_nginx -t ;;
  reload) run_nginx -t -q && run_nginx -s reload ;;
  *) fail "unknown: $1 (serve, check, reload)" ;;
esac
