// Package offline decides requests away from the server: recorded ones, and
// ones that a reviewer makes up. It is the live gateway with one part taken out:
// the identity is taken as given, since a recorded token has expired and its
// keys are not here. Signature, lifetime, audience and logouts are therefore not
// looked at; everything else is the code that answers MinIO.
package offline
