# Every RUN is in exec form and so needs no shell: the build image may be one
# that holds a Go toolchain and nothing else (e2e makes such a one where no
# registry can be reached). BuildKit and the classic builder both take this file.
ARG BUILD_IMAGE=golang:1.26
ARG RUNTIME_IMAGE=scratch

FROM ${BUILD_IMAGE} AS build
# The classic builder keeps this stage as an image without a name. The label
# lets e2e find and remove those of old builds.
LABEL org.claimgate.stage="build"
WORKDIR /src
ENV CGO_ENABLED=0

# Modules first: this layer changes only with go.mod and go.sum.
COPY go.mod go.sum ./
RUN ["go", "mod", "download"]

COPY . .
ARG VERSION=dev
ARG COMMIT=unknown
ARG DATE=unknown
# Without a shell RUN expands no variables, but ENV does.
ENV GOFLAGS="-trimpath -buildvcs=false '-ldflags=-s -w -X main.version=${VERSION} -X main.commit=${COMMIT} -X main.date=${DATE}'"
RUN ["go", "build", "-o", "/out/claimgate", "./app"]
# An empty directory for the runtime image, which has no mkdir.
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
# Where snapshot_file may be kept: a volume mounted here belongs to the user.
COPY --from=build --chown=65532:65532 /out/state /var/lib/claimgate

# A number, not a name: scratch has no passwd, and Kubernetes' runAsNonRoot
# accepts numbers only.
USER 65532:65532

# The webhook, and the admin listener that the health check asks.
EXPOSE 8080 8081
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["/claimgate", "healthcheck"]

ENTRYPOINT ["/claimgate"]
CMD ["serve", "--config", "/etc/claimgate/config.toml"]
