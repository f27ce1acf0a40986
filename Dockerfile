# One image: the server, and on the volume /data its files and, when there is no DATABASE_URL, a PostgreSQL of its own.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY build.mjs build-client.mjs build-web.mjs ./
COPY src ./src
COPY web ./web
RUN npm run build && npm prune --omit=dev

FROM node:24-bookworm-slim
# Poster frames, durations and waveforms. For a smaller image without them: docker build --build-arg FFMPEG= .
ARG FFMPEG=ffmpeg
RUN if [ -n "$FFMPEG" ]; then \
      apt-get update && apt-get install -y --no-install-recommends "$FFMPEG" && rm -rf /var/lib/apt/lists/*; \
    fi
ENV NODE_ENV=production DATA_DIR=/data UPLOADS_DIR=/data/uploads
WORKDIR /app
RUN mkdir /data && chown node:node /data
# Owned by the user who runs it: the embedded PostgreSQL makes its library links at the first start.
COPY --from=build --chown=node:node /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json ./
COPY bin ./bin
COPY migrations ./migrations
COPY sql ./sql
USER node
VOLUME /data
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.PORT || 3000) + '/health/ready').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# What a request leaves behind is gone with it: in a larger nursery less of it is copied first.
CMD ["node", "--enable-source-maps", "--max-semi-space-size=64", "bin/earshot.cjs"]
