// Package images finds or builds the container images of the end-to-end tests. It tries,
// in this order:
//
//  1. the image that an environment variable names (E2E_MINIO_IMAGE, ...);
//  2. an image that the engine already has;
//  3. a pull, with a short timeout;
//  4. a build: MinIO from its own Go module, claimgate from the project's Dockerfile. If
//     golang cannot be pulled, the Dockerfile's build image is made from the Go toolchain
//     that runs the tests.
//
// So the tests also run on a machine that reaches no registry.
package images
