# Every RUN is in exec form and needs no shell. So the build image may contain
# nothing but a Go toolchain; e2e makes such an image if it cannot reach a
# registry. BuildKit and the classic builder both accept this file.
ARG BUILD_IMAGE=golang:1.26
ARG RUNTIME_IMAGE=scratch

FROM ${BUILD_IMAGE} AS build
# The classic builder keeps this stage as an image without a name. With the label
# e2e finds and removes the stages of old builds.
LABEL org.claimgate.stage="build"
WORKDIR /src
ENV CGO_ENABLED=0

# The modules first: this layer changes only with go.mod and go.sum.
COPY go.mod go.sum ./
RUN ["go", "mod", "download"]

COPY . .
ARG VERSION=dev
ARG COMMIT=unknown
ARG DATE=unknown
# Without a shell RUN expands no variables, but ENV does.
ENV GOFLAGS="-trimpath -buildvcs=false '-ldflags=-s -w -X main.version=${VERSION} -X main.commit=${COMMIT} -X main.date=${DATE}'"
RUN ["go", "build", "-o", "/out/claimgate", "./app"]
# An empty directory, which is copied below: the runtime image has no mkdir.
WORKDIR /out/state

FROM ${RUNTIME_IMAGE}
ARG VERSION=dev
ARG COMMIT=unknown
ARG DATE=unknown
LABEL org.opencontainers.image.title="claimgate" \
      org.opencontainers.image.description="Answers MinIO's authorization webhook from tokens issued by Authentik" \
      org.opencontainers.image.source="https://github.com/claimgate/claimgate" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${COMMIT}" \
      org.opencontainers.image.created="${DATE}"

COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/claimgate /claimgate
# A directory for snapshot_file. A new volume mounted here belongs to the user.
COPY --from=build --chown=65532:65532 /out/state /var/lib/claimgate

# A number, not a name: scratch has no passwd, and Kubernetes' runAsNonRoot
# accepts numbers only.
USER 65532:65532

# The webhook, and the admin listener, which the health check uses.
EXPOSE 8080 8081
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["/claimgate", "healthcheck"]

ENTRYPOINT ["/claimgate"]
CMD ["serve", "--config", "/etc/claimgate/config.toml"]
