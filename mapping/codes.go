package mapping

import "github.com/claimgate/claimgate/internal/finding"

// Code describes the code of a finding: its severity and its meaning.
type Code = finding.Code

// The codes of this package. M0xx are errors, which stop a start or a reload. M1xx are warnings.
const (
	codeUnreadable      = "M001"
	codeSyntax          = "M002"
	codeUnknownKey      = "M003"
	codeWrongType       = "M004"
	codeVersion         = "M005"
	codeEmpty           = "M006"
	codeMissing         = "M007"
	codeNameOrMatch     = "M008"
	codePattern         = "M009"
	codeUnknownPolicy   = "M010"
	codeDuplicateRule   = "M011"
	codeDuplicatePolicy = "M012"
	codePolicySource    = "M013"
	codePolicyFile      = "M014"
	codePolicyDocument  = "M015"
	codeCapture         = "M016"
	codeGuardAllows     = "M017"
	codeName            = "M018"
	codeUnknownIssuer   = "M019"
	codeSubjectIssuer   = "M020"

	codeExpired       = "M101"
	codeExpiresSoon   = "M102"
	codeUnexplained   = "M104"
	codeNeverGranted  = "M105"
	codeTwice         = "M106"
	codeAnyIssuer     = "M107"
	codeGuardExtra    = "M108"
	codeInvisible     = "M109"
	codeAmbiguous     = "M110"
	codeUnusedCapture = "M111"
	codeNoStatement   = "M112"
	codeNeverMatches  = "M113"
	codeDottedClaim   = "M116"
)

// The codes of package lint, which compares policies with each other.
const (
	CodeRootEquivalent = "M103"
	CodeAddsNothing    = "M114"
	CodeGuardsNothing  = "M115"
	CodeNotTheirs      = "M117"
	CodeOperation      = "M118"
	CodeNoBucket       = "M119"
	CodeNeverApplies   = "M120"
	CodeTakenBack      = "M121"
	CodeNotSent        = "M122"
	CodeOverridden     = "M123"
	CodeLastMark       = "M124"
)

// The codes of invariants.
const (
	CodeViolated   = "M021"
	CodeUndecided  = "M022"
	CodeInvariants = "M023"
)

var codes = []Code{
	{Code: codeUnreadable, Severity: finding.Error, Meaning: "the mapping cannot be read"},
	{Code: codeSyntax, Severity: finding.Error, Meaning: "the mapping is not TOML"},
	{Code: codeUnknownKey, Severity: finding.Error, Meaning: "a key that does not exist, or is written in another case"},
	{Code: codeWrongType, Severity: finding.Error, Meaning: "a value of the wrong type"},
	{Code: codeVersion, Severity: finding.Error, Meaning: "the version is missing or not 1"},
	{Code: codeEmpty, Severity: finding.Error, Meaning: "no rule grants anything to anyone"},
	{Code: codeMissing, Severity: finding.Error, Meaning: "a required key is missing or empty"},
	{Code: codeNameOrMatch, Severity: finding.Error, Meaning: "a group has both name and match, or neither"},
	{Code: codePattern, Severity: finding.Error, Meaning: "a pattern that is not valid"},
	{Code: codeUnknownPolicy, Severity: finding.Error, Meaning: "a policy that does not exist"},
	{Code: codeDuplicateRule, Severity: finding.Error, Meaning: "a second rule for the same name"},
	{Code: codeDuplicatePolicy, Severity: finding.Error, Meaning: "a second policy of the same name, or a canned policy's name"},
	{Code: codePolicySource, Severity: finding.Error, Meaning: "a policy with both file and document, or neither"},
	{Code: codePolicyFile, Severity: finding.Error, Meaning: "a policy file that cannot be read"},
	{Code: codePolicyDocument, Severity: finding.Error, Meaning: "a policy document that cannot be used"},
	{Code: codeCapture, Severity: finding.Error, Meaning: "a policy uses ${group:x}, but nothing captures x"},
	{Code: codeGuardAllows, Severity: finding.Error, Meaning: "a guard whose policy denies nothing"},
	{Code: codeName, Severity: finding.Error, Meaning: "a policy name that no claim can contain"},
	{Code: codeUnknownIssuer, Severity: finding.Error, Meaning: "a rule for an issuer that is not configured"},
	{Code: codeSubjectIssuer, Severity: finding.Error, Meaning: "a subject without issuer, although several issuers are configured"},

	{Code: codeExpired, Severity: finding.Warning, Meaning: "a grant has expired"},
	{Code: codeExpiresSoon, Severity: finding.Warning, Meaning: "a grant expires within 30 days"},
	{Code: CodeRootEquivalent, Severity: finding.Warning, Meaning: "root-equivalent actions outside consoleAdmin"},
	{Code: codeUnexplained, Severity: finding.Warning, Meaning: "a rule without reason or owner"},
	{Code: codeNeverGranted, Severity: finding.Warning, Meaning: "a policy that no rule names"},
	{Code: codeTwice, Severity: finding.Warning, Meaning: "a name that is in its list twice"},
	{Code: codeAnyIssuer, Severity: finding.Warning, Meaning: "a group rule without issuer, although several issuers are configured"},
	{Code: codeGuardExtra, Severity: finding.Warning, Meaning: "a guard's policy has Allow statements, which grant nothing"},
	{Code: codeInvisible, Severity: finding.Warning, Meaning: "a name with blanks around it or with invisible characters"},
	{Code: codeAmbiguous, Severity: finding.Warning, Meaning: "a pattern that some names fit in two ways"},
	{Code: codeUnusedCapture, Severity: finding.Warning, Meaning: "a capture that no policy of the rule uses"},
	{Code: codeNoStatement, Severity: finding.Warning, Meaning: "a policy without a statement"},
	{Code: codeNeverMatches, Severity: finding.Warning, Meaning: "a rule that can never match"},
	{Code: codeDottedClaim, Severity: finding.Warning, Meaning: "a claim name with a dot, which does not select a nested claim"},
	{Code: CodeAddsNothing, Severity: finding.Warning, Meaning: "a grant that adds nothing"},
	{Code: CodeGuardsNothing, Severity: finding.Warning, Meaning: "a guard that guards nothing"},
	{Code: CodeNoBucket, Severity: finding.Warning, Meaning: "a resource that no bucket can match"},
	{Code: CodeNeverApplies, Severity: finding.Warning, Meaning: "a statement, or a part of one, that can never apply"},
	{Code: CodeViolated, Severity: finding.Error, Meaning: "an invariant is violated"},
	{Code: CodeUndecided, Severity: finding.Error, Meaning: "an invariant could not be proved"},
	{Code: CodeInvariants, Severity: finding.Error, Meaning: "the invariants cannot be read"},
	{Code: CodeTakenBack, Severity: finding.Warning, Meaning: "an Allow that a Deny of the same policy takes back completely"},
	{Code: CodeOperation, Severity: finding.Warning, Meaning: "an action with the name of an S3 operation that does less than the operation"},
	{Code: CodeNotTheirs, Severity: finding.Warning, Meaning: "a policy reads a key that has no useful value for holders of a token"},
	{Code: CodeNotSent, Severity: finding.Warning, Meaning: "a policy reads a key that the server of the dialect does not send"},
	{Code: CodeOverridden, Severity: finding.Warning, Meaning: "an action that can override a deny on the server of the dialect"},
	{Code: CodeLastMark, Severity: finding.Warning, Meaning: "a resource whose last ? stands for the slash after the bucket's name"},
}

// Codes lists all codes, for the reference in the documentation.
func Codes() []Code { return append([]Code(nil), codes...) }

var severities = func() map[string]finding.Severity {
	m := make(map[string]finding.Severity, len(codes))
	for _, c := range codes {
		m[c.Code] = c.Severity
	}
	return m
}()
