// Package offline decides requests without a server: recorded requests and made-up ones. It runs the code that
// answers MinIO, with one difference: the claims of a token are taken as given. A recorded token has expired,
// and its keys are not available. Signature, lifetime, audience and logouts are not checked.
package offline
