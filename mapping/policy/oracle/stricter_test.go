package oracle

import (
	"slices"
	"strings"
	"sync"

	minio "github.com/minio/pkg/v3/policy"

	"github.com/claimgate/claimgate/mapping/policy"
)

// covers reports whether the Action or NotAction of a statement covers an action, by MinIO's own matching.
func covers(st statement, action string) bool {
	matches := func(patterns []string) bool {
		return slices.ContainsFunc(patterns, func(p string) bool {
			return minio.Action(p).Match(minio.Action(action)) || p == "s3:GetObjectVersion" && action == "s3:GetObject"
		})
	}
	if st.NotAction != nil {
		return !matches(st.NotAction)
	}
	return matches(st.Action)
}

var taken sync.Map

// minioTakes reports whether MinIO loads a condition on a key for an action.
func minioTakes(action, key string) bool {
	if strings.HasSuffix(key, "/") {
		key += "k"
	}
	if answer, known := taken.Load(action + " " + key); known {
		return answer.(bool)
	}
	d := document{Version: policy.Version, Statements: []statement{{
		Effect: "Allow", Action: []string{action}, Condition: map[string]map[string][]string{"Null": {key: {"true"}}},
	}}}
	if strings.HasPrefix(action, "s3:") {
		d.Statements[0].Resource = []string{"*"}
	}
	_, err := minio.ParseConfig(strings.NewReader(string(d.text())))
	taken.Store(action+" "+key, err == nil)
	return err == nil
}

// breakStatement turns a statement into one that MinIO loads and claimgate refuses (D3), or that both refuse.
func (g generator) breakStatement(st *statement) {
	switch g.IntN(9) {
	case 0:
		st.Resource, st.NotResource = []string{pick(g, "**", "*x", "arn:aws:s3:::", "b/*", "arn:aws:s3:::/b", "arn:minio:kms:::a/b")}, nil
	case 1:
		st.Resource, st.NotResource = []string{"arn:aws:s3:::b/" + pick(g, "${jwt:department}", "${s3:prefix}", "${s3:x-amz-content-sha256}", "${", "${*}")}, nil
	case 2:
		st.Condition = map[string]map[string][]string{"StringEquals": {}}
	case 3:
		st.Condition = map[string]map[string][]string{"IpAddress": {"aws:SourceIp": {pick(g, "::1", "2001:db8::5", "::ffff:10.1.2.3")}}}
	case 4:
		st.Condition = map[string]map[string][]string{
			pick(g, "Bool", "Null"): {"aws:SecureTransport": {pick(g, "TRUE", "1", "t", "0", "yes")}},
		}
	case 5:
		st.Condition = map[string]map[string][]string{"StringEquals": {pick(g, "aws:username/x", "s3:ExistingObjectTag/", "aws:SourceIp/", "jwt:department"): {"x"}}}
	case 6:
		st.Action, st.NotAction = nil, []string{pick(g, "s3:Foo", "sts:*", "foo", "S3:GetObject")}
	case 7:
		st.Action, st.NotAction = []string{pick(g, "admin:Heal", "kms:Status", "sts:AssumeRoleWithWebIdentity")}, nil
		st.Resource, st.NotResource = nil, []string{pick(g, "*", "arn:aws:s3:::b", "arn:minio:kms:::b")}
	case 8:
		st.Action = append(st.Action, pick(g, "admin:Heal", "kms:Status", "sts:AssumeRoleWithWebIdentity", "*", "s3:Foo", "s3:?"))
	}
}

// stricter returns "D3" if a document has an error that MinIO's engine does not report, else "".
func stricter(c testCase) string {
	for _, d := range c.Documents {
		for _, st := range d.Statements {
			if strictStatement(st) {
				return "D3"
			}
		}
	}
	return ""
}

func strictStatement(st statement) bool {
	s3 := st.NotAction != nil
	for _, a := range st.Action {
		s3 = s3 || !strings.HasPrefix(a, "admin:") && !strings.HasPrefix(a, "kms:") && !strings.HasPrefix(a, "sts:") && a != "*"
	}
	switch {
	case slices.Contains(st.Action, "*") && (len(st.Action) > 1 || !st.deny() && st.Resource == nil && st.NotResource == nil):
		return true
	case st.NotResource != nil && !s3 && (st.deny() || !slices.Contains(st.Action, "*")):
		return true
	case slices.ContainsFunc(st.NotAction, func(a string) bool { return !matchesSomething(a) }):
		return true
	case slices.Contains(st.Action, "s3:?"):
		return true
	}
	for _, text := range slices.Concat(st.Resource, st.NotResource) {
		if key, isKey := strings.CutPrefix(text, "arn:minio:kms:::"); isKey && strings.ContainsAny(key, `/\\`) {
			return true
		}
		if text == "arn:aws:s3:::" || text == "arn:minio:kms:::" || strings.Trim(text, "*") != "" && strings.HasPrefix(text, "*") {
			return true
		}
	}
	for _, text := range textsOf(st) {
		if strings.Count(text, "${") != len(variablesIn(text)) {
			return true
		}
		for _, key := range variablesIn(text) {
			if !slices.Contains(policy.Variables(), key) {
				return true
			}
		}
	}
	for operator, keys := range st.Condition {
		if len(keys) == 0 {
			return true
		}
		for key, values := range keys {
			if i := strings.IndexByte(key, '/'); i >= 0 && (i == len(key)-1 || !strings.HasPrefix(key, "s3:ExistingObjectTag/") && !strings.HasPrefix(key, "s3:RequestObjectTag/")) {
				return true
			}
			for _, v := range values {
				switch base := baseOperator(operator); {
				case (base == "Bool" || base == "Null") && v != "true" && v != "false",
					strings.HasSuffix(base, "IpAddress") && strings.Contains(v, ":") && !strings.Contains(v, "/"):
					return true
				}
			}
		}
	}
	return false
}

// unlisted are the actions that MinIO's servers ask about, but that its engine refuses in a document (D12).
var unlisted = []string{
	"admin:ClusterInfo", "admin:DriveInfo", "admin:ForceUnlock", "admin:GenerateBatchJob", "admin:InspectData",
	"admin:LicenseInfo", "admin:PoolInfo", "admin:PoolList", "admin:SetInfo",
}

func namesUnlisted(c testCase) bool {
	for _, d := range c.Documents {
		for _, st := range d.Statements {
			if slices.ContainsFunc(st.Action, func(a string) bool { return slices.Contains(unlisted, a) }) {
				return true
			}
		}
	}
	return false
}

func matchesSomething(pattern string) bool {
	return slices.ContainsFunc(policy.Actions(), func(a string) bool { return minio.Action(pattern).Match(minio.Action(a)) })
}
