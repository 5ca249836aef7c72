package audit

import (
	"encoding/hex"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/internal/strictjson"
	"github.com/claimgate/claimgate/verifier"
	"github.com/rs/zerolog"
)

// marshal writes the entry as one line of JSON. This is the allow-list of what
// the log holds; docs/audit.md explains each member.
func (e *Entry) marshal(w io.Writer) {
	d := e.Decision
	logger := zerolog.New(w)
	ev := logger.Log().
		Str("time", e.Time.UTC().Format(time.RFC3339Nano)).
		Str("id", d.ID.String()).
		Bool("allow", d.Allow()).
		Str("reason", string(d.Reason))
	if d.Detail != "" {
		ev.Str("detail", d.Detail)
	}
	if d.Hint != "" {
		ev.Str("hint", d.Hint)
	}
	if e.Request != nil {
		request(ev, e.Request)
	}
	read(ev, d)
	if d.Identity != nil {
		identity(ev, d)
	}
	answer(ev, d)
	if d.Revision != "" {
		ev.Str("revision", d.Revision)
	}
	ev.IPAddr("peer", e.Peer).Int("status", e.Status).Int64("duration_us", e.Duration.Microseconds())
	ev.Send()
}

func request(ev *zerolog.Event, r *gateway.Request) {
	ev.Str("action", r.Action).Str("bucket", r.Bucket).Str("object", r.Object).Str("account", r.Account)
	if r.Owner {
		ev.Bool("owner", true)
	}
	if r.DenyOnly {
		ev.Bool("deny_only", true)
	}
	if r.Action != gateway.ActionPrometheus { // whose claims the caller signs itself
		credential(ev, r)
	}
	// Of conditions only what MinIO itself says of the client's address: the
	// first element, which a proxy may vouch for and a client may forge.
	if from := r.Conditions.Get("SourceIp").First().View(); from != "" {
		ev.Str("source", from)
	}
}

func credential(ev *zerolog.Event, r *gateway.Request) {
	if r.Static() {
		ev.Bool("static", true)
	}
	if r.Claims.Get("sessionPolicy").Kind() != strictjson.Missing {
		ev.Bool("session_policy", true)
	}
	if parent := r.Claims.Get("parent").View(); parent != "" {
		ev.Str("parent", parent)
	}
}

func identity(ev *zerolog.Event, d *gateway.Decision) {
	id := d.Identity
	ev.Str("issuer", id.Issuer).Str("sub", id.Subject)
	if id.Username != "" {
		ev.Str("username", id.Username)
	}
	if len(id.Groups) > 0 {
		ev.Strs("groups", id.Groups)
	}
	if len(d.Claim) > 0 {
		ev.Strs("claim", d.Claim)
	}
	if d.Attested {
		ev.Bool("attested", true)
	} else {
		ev.Str("token", tokenDigest(id))
	}
}

// read writes what the policies held have read of the request, so that the
// question can be put to another mapping. Keys, signatures and tokens have no
// condition key.
func read(ev *zerolog.Event, d *gateway.Decision) {
	values := d.Read()
	if len(values) == 0 {
		return
	}
	dict := zerolog.Dict()
	for _, key := range slices.Sorted(maps.Keys(values)) {
		list := values[key]
		if key == "aws:Referer" {
			list = withoutQueries(list)
		}
		dict.Strs(key, list)
	}
	ev.Dict("read", dict)
}

// withoutQueries cuts off what may sign a request: the page that a client names
// may be a presigned URL.
func withoutQueries(urls []string) []string {
	list := make([]string, len(urls))
	for i, u := range urls {
		list[i], _, _ = strings.Cut(u, "?")
	}
	return list
}

// tokenDigest is enough of the token's SHA-256 to find its other lines, and of
// no use to whoever reads the log.
func tokenDigest(id *verifier.Identity) string { return hex.EncodeToString(id.Digest[:8]) }

func answer(ev *zerolog.Event, d *gateway.Decision) {
	if ignored := d.Grants.Ignored(); len(ignored) > 0 {
		ev.Strs("claim_ignored", ignored)
	}
	a := d.Answer
	if a.Rule.Name != "" {
		ev.Str("rule", a.Rule.Name).Str("rule_kind", a.Rule.Kind).Str("rule_file", a.Rule.File).Int("rule_line", a.Rule.Line)
	}
	if a.Policy != "" {
		ev.Str("policy", a.Policy).Int("statement", a.Statement)
		if a.Sid != "" {
			ev.Str("sid", a.Sid)
		}
	}
}
