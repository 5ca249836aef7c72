package demo

import (
	"time"

	"github.com/claimgate/claimgate/app/demo/issuer"
	"github.com/claimgate/claimgate/app/gateway"
)

// Case is one question and the expected answer.
type Case struct {
	Who    string // a description for people
	Action string
	Object string // bucket and key
	Body   []byte
	Allow  bool
	Reason gateway.Reason
}

// Cases returns the demo's questions at the time now, with the answers of the example mapping.
func Cases(i *issuer.Issuer, now time.Time) ([]Case, error) {
	t := &table{issuer: i, now: now}
	const get, put, list, remove = "s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:DeleteObject"

	root := static("root", list, "reports", "", now)
	root.Owner = true
	t.add("root", root, gateway.Owner)

	t.login("ada, MinIO admins", "ada", "admin:ServerInfo", "", "", gateway.PolicyAllow)
	t.login("alice, MinIO users", "alice", list, "reports", "", gateway.PolicyAllow)
	t.login("alice, MinIO users", "alice", put, "reports", "2026/q3.csv", gateway.PolicyAllow)
	t.login("alice, MinIO users", "alice", "admin:ServerInfo", "", "", gateway.PolicyImplicitDeny)
	t.login("rhea, MinIO readers", "rhea", get, "reports", "2026/q3.csv", gateway.PolicyAllow)
	t.login("rhea, MinIO readers", "rhea", put, "reports", "2026/q3.csv", gateway.PolicyImplicitDeny)
	t.login("walt, MinIO writers", "walt", put, "reports", "2026/q4.csv", gateway.PolicyAllow)
	t.login("walt, MinIO writers", "walt", get, "reports", "2026/q4.csv", gateway.PolicyImplicitDeny)
	t.login("nobody, no groups", "nobody", get, "reports", "2026/q3.csv", gateway.NoPolicy)
	t.login("ada, against the guard", "ada", remove, "backups", "monday.tar", gateway.GuardDeny)

	own := session(loginClaims(i, "rhea"), "admin:CreateServiceAccount", "", "", now)
	own.DenyOnly = true
	t.add("rhea, a key for herself", own, gateway.DenyOnly)

	t.add("velero, a static key", static("velero", put, "backups", "tuesday.tar", now), gateway.PolicyAllow)
	t.add("mallory, a static key", static("mallory", get, "reports", "2026/q3.csv", now), gateway.NoToken)

	stolen := session(loginClaims(i, "nobody"), get, "reports", "2026/q3.csv", now)
	stolen.Conditions["authentik_token"] = []string{i.EvidenceToken(t.user("ada"))}
	t.add("nobody, with ada's token", stolen, gateway.TokenBinding)

	smuggled := session(loginClaims(i, "rhea"), put, "reports", "2026/q3.csv", now)
	smuggled.Conditions["Groups"] = []string{"MinIO admins"}
	smuggled.Conditions["policy"] = []string{"consoleAdmin"}
	t.add("rhea, header Groups: MinIO admins", smuggled, gateway.PolicyImplicitDeny)

	twice := session(loginClaims(i, "rhea"), get, "reports", "2026/q3.csv", now)
	twice.Conditions["X-Authentik-Jwt"] = []string{i.EvidenceToken(t.user("ada"))}
	t.add("rhea, with two tokens", twice, gateway.TokenAmbiguous)

	expired := i.EvidenceClaims(t.user("alice"))
	expired["iat"], expired["exp"] = now.Add(-3*time.Hour).Unix(), now.Add(-2*time.Hour).Unix()
	late := session(loginClaims(i, "alice"), get, "reports", "2026/q3.csv", now)
	late.Conditions["authentik_token"] = []string{i.Token(expired)}
	t.add("alice, token expired", late, gateway.TokenExpired)

	forged := session(loginClaims(i, "alice"), get, "reports", "2026/q3.csv", now)
	forged.Conditions["authentik_token"] = []string{i.Token(i.EvidenceClaims(t.user("alice")), issuer.WithSecret([]byte("the client secret")))}
	t.add("alice, signed with HS256", forged, gateway.TokenAlgorithm)
	return t.cases, t.err
}

type table struct {
	issuer *issuer.Issuer
	now    time.Time
	cases  []Case
	err    error
}

func (t *table) user(name string) issuer.User {
	u, _ := t.issuer.User(name)
	return u
}

func (t *table) login(who, name, action, bucket, object string, want gateway.Reason) {
	t.add(who, session(loginClaims(t.issuer, name), action, bucket, object, t.now), want)
}

func (t *table) add(who string, in *input, want gateway.Reason) {
	body, err := in.body()
	if err != nil && t.err == nil {
		t.err = err
	}
	where := in.Bucket
	if in.Object != "" {
		where += "/" + in.Object
	}
	t.cases = append(t.cases, Case{who, in.Action, where, body, want.Allows(), want})
}
