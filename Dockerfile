# Build: everything of package-lock.json, the bundle.
FROM node:22-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY scripts ./scripts
COPY src ./src
RUN npm run build && npm prune --omit=dev

# Run: the bundle and the packages it needs, as an unprivileged user, on a read-only root if wanted.
FROM node:22-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json LICENSE ./
COPY bin ./bin
COPY vschema ./vschema
RUN mkdir /var/lib/shardgate && chown node:node /var/lib/shardgate
USER node
VOLUME /var/lib/shardgate
# MySQL clients; health and metrics.
EXPOSE 3306 15307
# Docker's own check; Kubernetes uses its probes.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["node", "-e", "fetch('http://127.0.0.1:15307/readyz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Sets the heap by the container's memory; then node itself is process 1 and takes SIGTERM, which drains.
ENTRYPOINT ["bin/in-container.sh"]
CMD ["serve", "--config", "/etc/shardgate/shardgate.yaml"]
