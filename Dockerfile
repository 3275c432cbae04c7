# Two images from one build: `app` serves, migrates and administers; `entry` is nginx with the built files.
# ./scripts/build.sh TAG makes both. Nothing here needs BuildKit.
ARG NODE_IMAGE=node:24-bookworm-slim
ARG NGINX_IMAGE=nginx:1.30

FROM ${NODE_IMAGE} AS deps
# Without one, npm asks its own.
ARG NPM_REGISTRY
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The image has its own Node, and PostgreSQL is another container: the packages that bring them stay out.
# Not `npm ci`, for the reason in DECISIONS.md.
RUN npm pkg delete optionalDependencies \
  && npm install --no-save --include=dev ${NPM_REGISTRY:+--registry="$NPM_REGISTRY"} --loglevel=error

FROM deps AS build
COPY . .
# Readable for whoever runs it, whatever the umask of the checkout was.
RUN node scripts/build.ts \
  && node scripts/entry-files.ts /entry/files \
  && cp -r nginx/entrypoint.sh nginx/templates /entry/ \
  && mkdir /image \
  && rm -rf .next/cache .next/diagnostics .next/trace* .next/types \
  && cp -r .next public lib db scripts package.json package-lock.json next.config.mjs LICENSE /image/ \
  && chmod -R a+rX /entry /image

FROM ${NGINX_IMAGE} AS entry
ARG DEBIAN_MIRROR=http://deb.debian.org
# nginx's own images have all three.
# hadolint ignore=DL3008
RUN if ! command -v curl >/dev/null || ! command -v envsubst >/dev/null || ! command -v openssl >/dev/null; then \
    find /etc/apt \( -name '*.list' -o -name '*.sources' \) -exec sed -i "s|http://deb.debian.org|$DEBIAN_MIRROR|" {} + \
    && apt-get update && apt-get install -y --no-install-recommends curl gettext-base openssl \
    && rm -rf /var/lib/apt/lists/*; \
  fi \
  && mkdir -p /etc/nginx/certificates /tmp/entry/acme \
  && chown -R 101:101 /etc/nginx/certificates /tmp/entry
COPY --from=build /entry /entry
# Not root, so not below 1024.
ENV HTTP_PORT=8080 HTTPS_PORT=8443
USER 101:101
EXPOSE 8080 8443
# Lets what is open end.
STOPSIGNAL SIGQUIT
# Whether the entry is there; it shows a page of its own while the service is not.
HEALTHCHECK --interval=15s --timeout=5s --retries=3 \
  CMD ["/bin/sh", "-c", "curl -fsS -o /dev/null http://127.0.0.1:$HTTP_PORT/entry-health"]
ENTRYPOINT ["/bin/sh", "/entry/entrypoint.sh"]
CMD ["serve"]

FROM deps AS prod-deps
# What compiles, tests and describes serves nobody. npm keeps some of it as the optional peer of a production package.
RUN npm prune --omit=dev --no-save --loglevel=error \
  && find node_modules -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) -delete \
  && rm -rf node_modules/@next/swc-* node_modules/@swc/core-* node_modules/next-intl-swc-plugin-extractor \
    node_modules/@axe-core node_modules/@playwright node_modules/playwright node_modules/playwright-core \
    node_modules/@types node_modules/@img node_modules/sharp

FROM ${NODE_IMAGE} AS app
# npm has nowhere to keep anything: what serves writes to no file.
ENV NODE_ENV=production \
  NEXT_TELEMETRY_DISABLED=1 \
  SERVER_WORKERS=4 \
  PORT=3000 \
  npm_config_cache=/tmp/npm \
  npm_config_logs_max=0 \
  npm_config_update_notifier=false
WORKDIR /app
COPY --from=prod-deps /app/node_modules node_modules
COPY --from=build /image ./
RUN mkdir /backups && chown 1000:1000 /backups
USER 1000:1000
EXPOSE 3000
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/api/health`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Node itself, so that SIGTERM arrives.
CMD ["node", "--disable-warning=ExperimentalWarning", "scripts/serve.ts"]
