package policy

import "testing"

func TestSessionPolicies(t *testing.T) {
	const statement = `{"Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::b/*"]}`
	for _, c := range []struct {
		document string
		kind     SessionKind
		text     string
		grants   bool // what its statements allow
	}{
		{`null`, SessionEmpty, "empty", false},
		{" null\n", SessionEmpty, "empty", false},
		{`{}`, SessionEmpty, "empty", false},
		{`{"Version":"","Statement":null}`, SessionEmpty, "empty", false},
		{`{"Version":"","Statement":[]}`, SessionEmpty, "empty", false},
		{`{"Id":"x"}`, SessionNoVersion, "no version", false},
		{`{"Version":"","Statement":[` + statement + `]}`, SessionNoVersion, "no version", true},
		{`{"Version":"2012-10-17"}`, SessionRestricted, "restricted", false},
		{`{"Version":"2012-10-17","Statement":[` + statement + `]}`, SessionRestricted, "restricted", true},
		{``, SessionUnreadable, "unreadable", false},
		{`{"Version":"2012-10-17"`, SessionUnreadable, "unreadable", false},
		{`"` + statement + `"`, SessionUnreadable, "unreadable", false},
		{`{"Version":"2008-10-17"}`, SessionUnreadable, "unreadable", false},
		{`{"Statement":[{"Effect":"Allow","Action":["s3:Foo"],"Resource":["*"]}]}`, SessionUnreadable, "unreadable", false},
	} {
		p, kind, err := ParseSession([]byte(c.document))
		if kind != c.kind || kind.String() != c.text || (err != nil) != (c.kind == SessionUnreadable) || (p == nil) != (err != nil) {
			t.Errorf("%s: %v, policy %v, error %v", c.document, kind, p, err)
		}
		got := Compile(Grant{Policy: p}).Evaluate(&Request{Action: "s3:GetObject", Bucket: "b", Object: "o"})
		if got.Allowed() != c.grants {
			t.Errorf("%s: %v", c.document, got.Outcome)
		}
	}
	var zero SessionKind
	if zero != SessionUnreadable {
		t.Error("the zero kind of session policy is not the one that denies")
	}
}
