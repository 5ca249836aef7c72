// Package login is tests only: people log in through a browser at several OpenID Connect providers, and
// ordinary S3 clients work with what they get, against a real MinIO and the built claimgate. Everything runs on
// the loopback interface of this machine; no container is needed.
package login
