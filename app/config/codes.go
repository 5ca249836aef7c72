package config

import "github.com/claimgate/claimgate/internal/finding"

// The codes. C0xx are errors that stop the start, C1xx are warnings about choices that weaken the gate.
const (
	codeUnreadable    = "C001"
	codeSyntax        = "C002"
	codeUnknownKey    = "C003"
	codeWrongType     = "C004"
	codeBadValue      = "C005"
	codeUnknownEnv    = "C006"
	codeFile          = "C007"
	codeMissing       = "C008"
	codeDuplicate     = "C009"
	codeContradiction = "C010"

	codeInsecureHTTP    = "C101"
	codeStaticAny       = "C102"
	codeWithoutToken    = "C103"
	codeNoCallerTokens  = "C104"
	codeAuditLoss       = "C105"
	codeCleartext       = "C106"
	codeAdminOpen       = "C107"
	codeFailOpen        = "C108"
	codeStoreCleartext  = "C109"
	codeIssuerSlash     = "C110"
	codeEvidenceKey     = "C111"
	codeDelegation      = "C112"
	codeOldAccessKeys   = "C113"
	codeWeakCallerToken = "C114"
)

var codes = []finding.Code{
	{Code: codeUnreadable, Severity: finding.Error, Meaning: "config.toml cannot be read"},
	{Code: codeSyntax, Severity: finding.Error, Meaning: "not TOML"},
	{Code: codeUnknownKey, Severity: finding.Error, Meaning: "a key that does not exist, or in another case"},
	{Code: codeWrongType, Severity: finding.Error, Meaning: "a value of the wrong type"},
	{Code: codeBadValue, Severity: finding.Error, Meaning: "a value that makes no sense for its key"},
	{Code: codeUnknownEnv, Severity: finding.Error, Meaning: "a CLAIMGATE_ variable that does not exist"},
	{Code: codeFile, Severity: finding.Error, Meaning: "a file that a key names cannot be used"},
	{Code: codeMissing, Severity: finding.Error, Meaning: "a required key is missing"},
	{Code: codeDuplicate, Severity: finding.Error, Meaning: "the same thing twice"},
	{Code: codeContradiction, Severity: finding.Error, Meaning: "two keys that contradict each other"},

	{Code: codeInsecureHTTP, Severity: finding.Warning, Meaning: "keys fetched over plain http"},
	{Code: codeStaticAny, Severity: finding.Warning, Meaning: "any valid token is accepted beside any static key"},
	{Code: codeWithoutToken, Severity: finding.Warning, Meaning: "claims are accepted without a token"},
	{Code: codeNoCallerTokens, Severity: finding.Warning, Meaning: "callers are not authenticated"},
	{Code: codeAuditLoss, Severity: finding.Warning, Meaning: "some decisions are not written"},
	{Code: codeCleartext, Severity: finding.Warning, Meaning: "requests and tokens unencrypted on the network"},
	{Code: codeAdminOpen, Severity: finding.Warning, Meaning: "the admin listener off the loopback"},
	{Code: codeFailOpen, Severity: finding.Warning, Meaning: "introspection that allows when it fails"},
	{Code: codeStoreCleartext, Severity: finding.Warning, Meaning: "revocations over plain redis"},
	{Code: codeIssuerSlash, Severity: finding.Warning, Meaning: "an Authentik issuer without its trailing slash"},
	{Code: codeEvidenceKey, Severity: finding.Warning, Meaning: "a key of conditions that MinIO never writes"},
	{Code: codeDelegation, Severity: finding.Warning, Meaning: "delegated tokens are accepted"},
	{Code: codeOldAccessKeys, Severity: finding.Warning, Meaning: "access keys that outlive their tokens"},
	{Code: codeWeakCallerToken, Severity: finding.Warning, Meaning: "a caller token short enough to be guessed"},
}

// Codes returns every code, for the reference in the documentation. A code keeps its meaning from version to
// version.
func Codes() []finding.Code { return append([]finding.Code(nil), codes...) }
