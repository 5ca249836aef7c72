package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"strings"
	"time"

	"github.com/claimgate/claimgate/verifier"
	"github.com/claimgate/claimgate/verifier/internal/malformed"
)

const (
	issuer   = "http://127.0.0.1/application/o/minio/"
	audience = "minio-client"
	keyID    = "0123456789abcdef0123456789abcdef"
)

// table verifies every malformed token with every library and returns the Markdown table.
func table() (string, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return "", err
	}
	claimgate, err := startVerifier(&key.PublicKey)
	if err != nil {
		return "", err
	}
	defer claimgate.Close()
	libraries, err := otherLibraries(&key.PublicKey)
	if err != nil {
		return "", err
	}
	s := malformed.Signer{Key: key, KeyID: keyID, Issuer: issuer, Audience: audience, Now: time.Now()}
	if err := control(s.Plain(), claimgate, libraries); err != nil {
		return "", err
	}

	var text strings.Builder
	text.WriteString("| token | claimgate |")
	for _, l := range libraries {
		text.WriteString(" " + l.name + " |")
	}
	text.WriteString("\n|---|---|" + strings.Repeat("---|", len(libraries)) + "\n")
	accepted := make([]int, 1+len(libraries))
	cases := s.Cases()
	for _, c := range cases {
		_, err := claimgate.Verify(context.Background(), c.Token, verifier.Presented{})
		answer := "refused: `" + string(verifier.ReasonOf(err)) + "`"
		if err == nil {
			answer = "**accepted**"
			accepted[0]++
		}
		fmt.Fprintf(&text, "| %s | %s |", c.Name, answer)
		for n, l := range libraries {
			answer := "refused"
			if l.verify(c.Token) == nil {
				answer = "**accepted**"
				accepted[n+1]++
			}
			text.WriteString(" " + answer + " |")
		}
		text.WriteByte('\n')
	}
	fmt.Fprintf(&text, "| accepted of %d |", len(cases))
	for _, n := range accepted {
		fmt.Fprintf(&text, " %d |", n)
	}
	text.WriteByte('\n')
	return text.String(), nil
}

// control checks that every library accepts a good token.
func control(token string, claimgate *runningVerifier, libraries []library) error {
	if _, err := claimgate.Verify(context.Background(), token, verifier.Presented{}); err != nil {
		return fmt.Errorf("claimgate refuses a plain token: %w", err)
	}
	for _, l := range libraries {
		if err := l.verify(token); err != nil {
			return fmt.Errorf("%s refuses a plain token: %w", l.name, err)
		}
	}
	return nil
}
