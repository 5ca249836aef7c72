package server

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"sync/atomic"
)

// Callers holds the tokens of the servers that may send requests. A token is the whole value of the
// Authorization header. If there are no tokens, only the loopback interface may send requests.
// Its methods may be called concurrently. Before the first Set, nobody may send requests.
type Callers struct {
	tokens atomic.Pointer[[][32]byte]
}

// Set replaces all tokens.
func (c *Callers) Set(tokens []string) {
	sums := make([][32]byte, len(tokens))
	for i, t := range tokens {
		sums[i] = sha256.Sum256([]byte(t))
	}
	c.tokens.Store(&sums)
}

// Required reports whether callers need a token, even on the loopback interface.
func (c *Callers) Required() bool {
	tokens := c.tokens.Load()
	return tokens == nil || len(*tokens) > 0
}

// Know reports whether a caller with this Authorization header and address may send requests. Know
// compares digests, and always every digest, so that its time reveals nothing about the tokens.
func (c *Callers) Know(authorization []byte, ip net.IP) bool {
	tokens := c.tokens.Load()
	if tokens == nil || len(*tokens) == 0 {
		return tokens != nil && ip.IsLoopback()
	}
	sum := sha256.Sum256(authorization)
	known := 0
	for i := range *tokens {
		known |= subtle.ConstantTimeCompare(sum[:], (*tokens)[i][:])
	}
	return known == 1
}
