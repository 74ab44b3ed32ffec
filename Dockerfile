# The gateway alone; docker-compose.yml puts drachtio-server beside it.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY tsconfig.json ./
COPY scripts scripts
COPY spec spec
COPY lib lib
# An image whose store were not durable would start, and say so in its log alone.
RUN npm run build && npm prune --omit=dev \
  && node -e "new (require('better-sqlite3'))(':memory:')"

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist/lib dist/lib
COPY config config
COPY sdp-templates sdp-templates
RUN mkdir data && chown node:node data
USER node
VOLUME /app/data
EXPOSE 8080 8081 2855 5060/udp 5060/tcp
# Admin answers /readyz to loopback without a key.
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8081/readyz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/lib/main.js"]
CMD ["--config", "config/compose.yaml"]
