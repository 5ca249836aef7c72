// Package login has only tests. They log in with a browser at several OpenID Connect providers, and use the
// credentials with ordinary S3 clients, against a real MinIO and the built claimgate. All programs run on the
// loopback interface of this machine. No container is needed.
package login
