package policy

import (
	"slices"
	"strings"
)

// cannedDocuments are the policies that every MinIO server has, as in the last community release. Later
// editions changed some of them; the servers that call the webhook have these.
var cannedDocuments = map[string]string{
	"consoleAdmin": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["admin:*"]},{"Effect":"Allow","Action":["kms:*"]},{"Effect":"Allow","Action":["s3:*"],"Resource":["arn:aws:s3:::*"]}]}`,
	"diagnostics":  `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["admin:ServerInfo","admin:TopLocksInfo","admin:OBDInfo","admin:BandwidthMonitor","admin:Prometheus","admin:Profiling","admin:ServerTrace","admin:ConsoleLog"],"Resource":["arn:aws:s3:::*"]}]}`,
	"readonly":     `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetBucketLocation","s3:GetObject"],"Resource":["arn:aws:s3:::*"]}]}`,
	"readwrite":    `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*"],"Resource":["arn:aws:s3:::*"]}]}`,
	"writeonly":    `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:PutObject"],"Resource":["arn:aws:s3:::*"]}]}`,
}

var cannedNames, cannedPolicies = loadCanned()

func loadCanned() ([]string, map[string]*Policy) {
	var names []string
	policies := make(map[string]*Policy, len(cannedDocuments))
	for name, document := range cannedDocuments {
		names = append(names, name)
		// A document that does not load would leave a nil policy, which grants nothing. A test checks
		// that all of them load.
		policies[strings.ToLower(name)], _ = Parse(name, []byte(document), Source{File: "canned policy " + name})
	}
	slices.Sort(names)
	return names, policies
}

// Canned returns one of MinIO's built-in policies. Names are compared without case, because several guides
// write "readOnly".
func Canned(name string) (*Policy, bool) {
	p, found := cannedPolicies[strings.ToLower(name)]
	return p, found
}

// CannedNames lists the built-in policies as MinIO spells them, sorted.
func CannedNames() []string { return slices.Clone(cannedNames) }
