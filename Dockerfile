# syntax=docker/dockerfile:1
# The gateway as an image: compiled once, production dependencies only, no root, no npm between Docker and the process.

FROM node:26-slim AS base
WORKDIR /app
COPY package.json package-lock.json ./

# --ignore-scripts: the development dependency `node` would download a Node, and the image has one.
FROM base AS build
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN node node_modules/typescript/bin/tsc -p tsconfig.build.json

FROM base AS dependencies
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:26-slim
LABEL org.opencontainers.image.title="polycdn" \
      org.opencontainers.image.description="A gateway that makes many CDNs act as one" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production \
    POLYCDN_HEALTH_URL=http://127.0.0.1:9901/healthz
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json LICENSE NOTICE config.example.yaml ./
COPY data/geo-default.mmdb data/geo-default.mmdb
# A number, so that Kubernetes can see that it is not root: the user `node`.
USER 1000:1000
EXPOSE 8080 9901
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch(process.env.POLYCDN_HEALTH_URL, { signal: AbortSignal.timeout(2000) }).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/main.js"]
CMD ["serve", "--config", "/etc/polycdn/config.yaml"]
