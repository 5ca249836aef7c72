// Package images finds or makes the container images of the end-to-end tests.
//
// An image is looked for in this order:
//
//  1. the one that an environment variable names (E2E_MINIO_IMAGE, ...);
//  2. one that is in the engine already;
//  3. a pull, given up after a short while;
//  4. what can be built is built: MinIO from its own Go module, claimgate from
//     the project's Dockerfile. The Dockerfile's build image, where golang
//     cannot be pulled, is made from the Go toolchain that runs the tests.
//
// So the same tests run on a laptop and on a machine that reaches no registry.
package images
