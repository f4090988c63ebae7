# syntax=docker/dockerfile:1
#
#   docker build --build-arg VERSION="$(git describe --tags --always)" \
#     --build-arg REVISION="$(git rev-parse HEAD)" --tag cyberbrief .
#
# The version of Go is that of go.mod.
FROM --platform=$BUILDPLATFORM golang:1.26.8-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY .ci/build .ci/image .ci/
COPY cmd cmd
COPY bot bot
COPY briefing briefing
COPY config config
ARG TARGETOS
ARG TARGETARCH
ARG VERSION=unknown
RUN GOOS=${TARGETOS} GOARCH=${TARGETARCH} VERSION=${VERSION} .ci/image /out

# Nothing but the program, the certificates it trusts, and the notices.
FROM scratch
COPY --from=build /out/root /
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
WORKDIR /data
VOLUME ["/data"]
ENV DATABASE_URL=sqlite:/data/cyberbrief.db
ENV LISTEN=0.0.0.0:8080
EXPOSE 8080
# The container is healthy when the bot can do its work; `docker inspect`
# shows what keeps it from that.
HEALTHCHECK --interval=30s --timeout=6s --start-period=60s --retries=3 CMD ["/usr/local/bin/cyberbrief", "health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/cyberbrief"]
CMD ["run"]
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="cyberbrief" \
      org.opencontainers.image.description="A bot that gives a team its daily cyber-security briefing on Slack and Discord" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
