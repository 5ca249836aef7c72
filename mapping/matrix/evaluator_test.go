package matrix_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/claimgate/claimgate/internal/testsupport/anymapping"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/access"
	"github.com/claimgate/claimgate/mapping/matrix"
	"github.com/claimgate/claimgate/mapping/policy"
	"pgregory.net/rapid"
)

// probes returns resources that MinIO may ask about the action.
func probes(action string) (list [][2]string) {
	for _, bucket := range []string{"", "bob", "bobby", "cat", "zoo", "zoo-x", "bob-x", "bub"} {
		for _, object := range []string{"", "x", "secret/x", "bob/x", "cat", "zoo/y", "xx", "secret/bob/x"} {
			fits := map[access.Kind]bool{
				access.ObjectKind: bucket != "" && object != "", access.BucketKind: bucket != "" && object == "",
				access.ClusterKind: bucket == "" && object == "", access.KeyKind: object == "",
			}
			if fits[access.KindOf(action)] {
				list = append(list, [2]string{bucket, object})
			}
		}
	}
	return list
}

// instances returns resources that the pattern of a row matches.
func instances(r *matrix.Row, action string) (list [][2]string) {
	pattern, _, _ := strings.Cut(r.Resource, " but ")
	pattern, _, _ = strings.Cut(pattern, " and ")
	for _, star := range []string{"", "x", "q", "q/x", "bob/x", "zo"} {
		bucket, object, _ := strings.Cut(strings.NewReplacer("*", star, "?", "u").Replace(pattern), "/")
		if bucket != "" && (object != "") == (access.KindOf(action) == access.ObjectKind) {
			list = append(list, [2]string{bucket, object})
		}
	}
	return list
}

func allowed(g *mapping.Grants, action, bucket, object string) bool {
	r := &policy.Request{Action: action, Bucket: bucket, Object: object}
	_, denied := g.Guard(r)
	return !denied && g.Evaluate(r).Allowed()
}

// on returns true if the pattern of a row matches the resource. It is independent of package access: it uses
// policy.Match.
func on(r *matrix.Row, action, bucket, object string) bool {
	if strings.HasPrefix(action, "admin:") {
		return true
	}
	matches := func(text string) bool {
		text = strings.ReplaceAll(text, "{team}", "zoo")
		return policy.Match(text, bucket+"/"+object) || object == "" && text == bucket && text != "" || text == "calls that name no key" && bucket == ""
	}
	in, out, but := strings.Cut(r.Resource, " but ")
	if but && in == "all" {
		in = "*"
	}
	outside := func(text string) bool { return !matches(text) }
	return !slices.ContainsFunc(strings.Split(in, " and "), outside) && (!but || !slices.ContainsFunc(strings.Split(out, ", "), matches))
}

// Cells agree with the evaluator: an action is allowed nowhere if its class has no cell, and everywhere if the
// cell is All.
func TestCellsAreWhatTheEvaluatorAllows(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		m := anymapping.Draw(t, dir, true)
		rows := matrix.Of(m.Mapping)
		for _, r := range m.Rules() {
			if r.Name == "team-cat" || r.Kind == "group" && len(r.Captures) > 1 || r.Kind == "claim" || !r.Expires.IsZero() {
				continue
			}
			issuer := r.Issuer
			if issuer == "" {
				issuer = "three"
			}
			g := m.Account(r.Name, time.Time{})
			switch r.Kind {
			case "user":
				g = m.Principal(mapping.Principal{Issuer: issuer, Subject: r.Name}, time.Time{})
			case "group":
				g = m.Principal(mapping.Principal{Issuer: issuer, Groups: []string{strings.ReplaceAll(r.Name, "{team}", "zoo")}}, time.Time{})
			}
			for _, c := range []matrix.Class{anymapping.Pick(t, "class", matrix.Classes())} {
				for _, action := range c.Actions() {
					for _, probe := range probes(action) {
						is := allowed(g, action, probe[0], probe[1])
						some, all := false, false
						for i := range rows {
							row := &rows[i]
							if row.Principal != r.Kind+":"+r.Name || row.Line != r.Line || row.Effect != "Allow" || !on(row, action, probe[0], probe[1]) {
								continue
							}
							cell := row.Cells()[c]
							some = some || cell != matrix.None
							all = all || cell == matrix.All && len(row.Minus) == 0 && c != matrix.RootEquivalent && slices.Contains(access.KindsOn(row.Resource), access.KindOf(action))
						}
						if is && !some || all && !is {
							t.Fatalf("%s %q, %s on %s/%s: allowed %v, some cell %v, a cell for all %v\n%+v\n%s", r.Kind, r.Name, action, probe[0], probe[1], is, some, all, rows, m.Text)
						}
					}
				}
			}
		}
	})
}

type values map[string][]string

func (v values) Values(key string) []string { return v[key] }

// A row without a condition and without Minus says what is allowed under every condition, also if a test of another
// statement cannot read the value.
func TestACellWithoutAConditionIsAllowedUnderAll(t *testing.T) {
	dir, sure := t.TempDir(), 0
	contexts := []values{
		nil,
		{"aws:SourceIp": {"10.1.1.1"}, "claim:dept": {`"eng"`}, "claim:level": {"6"}, "claim:mfa": {"true"}, "s3:object-lock-mode": {"GOVERNANCE"}, "s3:max-keys": {"5"}},
		{"aws:SourceIp": {"unknown"}, "aws:CurrentTime": {"soon"}, "s3:max-keys": {"many"}, "s3:object-lock-mode": {"GOVERNANCE", "COMPLIANCE"}, "jwt:email": {"a@example.com", "b"}},
		{"claim:dept": {"7"}, "claim:level": {`"high"`}, "claim:mfa": {"{}"}, "claim:realm": {"{}"}, "claim:realm/level": {`"x"`}, "jwt:sub": {"bob"}},
	}
	rapid.Check(t, func(t *rapid.T) {
		m := anymapping.Broad(t, dir)
		rows := matrix.Of(m.Mapping)
		for i := range rows {
			row := &rows[i]
			name, group := strings.CutPrefix(row.Principal, "group:")
			if !group || row.Effect != "Allow" || len(row.Conditions)+len(row.Minus) > 0 {
				continue
			}
			g := m.Principal(mapping.Principal{Issuer: "one", Groups: strings.Split(name, " + group:")}, time.Time{})
			for c, cell := range row.Cells() {
				if class := matrix.Classes()[c]; cell == matrix.All && class != matrix.RootEquivalent {
					for _, action := range class.Actions() {
						for _, probe := range probes(action) {
							if !on(row, action, probe[0], probe[1]) || !slices.Contains(access.KindsOn(row.Resource), access.KindOf(action)) {
								continue
							}
							for _, context := range contexts {
								r := &policy.Request{Action: action, Bucket: probe[0], Object: probe[1], Context: context}
								if _, denied := g.Guard(r); denied || !g.Evaluate(r).Allowed() {
									t.Fatalf("%+v: %s on %s/%s is denied under %v\n%s", row, action, probe[0], probe[1], context, m.Text)
								}
								sure++
							}
						}
					}
				}
			}
		}
	})
	if sure == 0 {
		t.Error("no row is without a condition")
	}
}

// A row has a cell for a class only if an action of the class is allowed.
func TestNoCellWithoutAnAllow(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		m := anymapping.Draw(t, dir, true)
		for _, row := range matrix.Of(m.Mapping) {
			if row.Effect != "Allow" || !strings.HasPrefix(row.Principal, "group:g") && row.Principal != "account:a" && row.Principal != "user:u" {
				continue
			}
			name, issuer := row.Principal[strings.Index(row.Principal, ":")+1:], row.Issuer
			if issuer == "" {
				issuer = "three"
			}
			g := m.Account(name, time.Time{})
			switch row.Principal[0] {
			case 'g':
				g = m.Principal(mapping.Principal{Issuer: issuer, Groups: []string{name}}, time.Time{})
			case 'u':
				g = m.Principal(mapping.Principal{Issuer: issuer, Subject: name}, time.Time{})
			}
			for c, cell := range row.Cells() {
				class := matrix.Classes()[c]
				found := cell == matrix.None || slices.ContainsFunc(class.Actions(), func(action string) bool {
					return slices.ContainsFunc(append(instances(&row, action), probes(action)...), func(p [2]string) bool { return on(&row, action, p[0], p[1]) && allowed(g, action, p[0], p[1]) })
				})
				if !found {
					t.Fatalf("%+v: nothing of %s is allowed\n%s", row, class, m.Text)
				}
			}
		}
	})
}
