package audit

import (
	"encoding/hex"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/claimgate/claimgate/app/gateway"
)

// marshal appends the entry to b as one line of JSON. It is the allow-list of the log's members;
// docs/audit.md explains each member.
func (e *Entry) marshal(b []byte) []byte {
	d := e.Decision
	ev := begin(b)
	ev.name("time")
	ev.b = append(e.Time.UTC().AppendFormat(append(ev.b, '"'), time.RFC3339Nano), '"')
	ev.name("id")
	ev.b = append(hex.AppendEncode(append(ev.b, '"'), d.ID[:]), '"')
	ev.flag("allow", d.Allow()).text("reason", string(d.Reason))
	if d.Detail != "" {
		ev.text("detail", d.Detail)
	}
	if d.Hint != "" {
		ev.text("hint", d.Hint)
	}
	if e.Request != nil {
		addRequest(&ev, e.Request)
	}
	addRead(&ev, d)
	if d.Identity != nil {
		addIdentity(&ev, d)
	}
	addAnswer(&ev, d)
	if d.Revision != "" {
		ev.text("revision", d.Revision)
	}
	if s := d.Shadow; s != nil {
		ev.name("shadow")
		shadow := begin(ev.b)
		shadow.flag("allow", s.Reason.Allows()).text("reason", string(s.Reason))
		if s.Rule.Name != "" {
			shadow.text("rule", s.Rule.Name)
		}
		ev.b = shadow.end()
	}
	ev.name("peer")
	ev.b = append(appendAddress(append(ev.b, '"'), e.Peer), '"')
	ev.number("status", int64(e.Status)).number("duration_us", e.Duration.Microseconds())
	return append(ev.end(), '\n')
}

// appendAddress appends the text of net.IP.String, which allocates.
func appendAddress(b []byte, ip net.IP) []byte {
	addr, ok := netip.AddrFromSlice(ip)
	if !ok {
		return append(b, ip.String()...)
	}
	return addr.Unmap().AppendTo(b)
}

func addRequest(ev *object, r *gateway.Request) {
	ev.text("action", r.Action).text("bucket", r.Bucket).text("object", r.Object).text("account", r.Account)
	if r.Owner {
		ev.flag("owner", true)
	}
	if r.DenyOnly {
		ev.flag("deny_only", true)
	}
	if r.Action != gateway.ActionPrometheus { // there the caller itself signs the claims
		addCredential(ev, r)
	}
	// The only member from conditions is the client's address: the first element of SourceIp. A proxy may
	// set it, and a client may forge it.
	if from := r.Conditions.Get("SourceIp").First().View(); from != "" {
		ev.text("source", from)
	}
}

func addCredential(ev *object, r *gateway.Request) {
	signer := r.Signer()
	if signer.Static {
		ev.flag("static", true)
	}
	if signer.SessionPolicy {
		ev.flag("session_policy", true)
	}
	if signer.Parent != "" {
		ev.text("parent", signer.Parent)
	}
}

func addIdentity(ev *object, d *gateway.Decision) {
	id := d.Identity
	ev.text("issuer", id.Issuer).text("sub", id.Subject)
	if id.Username != "" {
		ev.text("username", id.Username)
	}
	if len(id.Groups) > 0 {
		ev.list("groups", id.Groups)
	}
	if len(d.Claim) > 0 {
		ev.list("claim", d.Claim)
	}
	if d.Attested {
		ev.flag("attested", true)
	} else {
		// The start of the token's SHA-256 finds the token's other lines, and is useless to an attacker who
		// reads the log.
		ev.name("token")
		ev.b = append(hex.AppendEncode(append(ev.b, '"'), id.Digest[:8]), '"')
	}
}

// addRead writes the request's values that the granted policies have read, so that replay can decide the
// request under another mapping. SSE-C keys and signatures have no condition key. Decision.Read hides tokens.
func addRead(ev *object, d *gateway.Decision) {
	values := d.Read()
	if len(values) == 0 {
		return
	}
	ev.name("read")
	dict := begin(ev.b)
	for _, key := range slices.Sorted(maps.Keys(values)) {
		list := values[key]
		if key == "aws:Referer" {
			list = withoutQueries(list)
		}
		dict.key(key)
		dict.texts(list)
	}
	ev.b = dict.end()
}

// withoutQueries removes the query of each URL. The referring page may be a presigned URL, whose query
// holds a signature.
func withoutQueries(urls []string) []string {
	list := make([]string, len(urls))
	for i, u := range urls {
		list[i], _, _ = strings.Cut(u, "?")
	}
	return list
}

func addAnswer(ev *object, d *gateway.Decision) {
	if ignored := d.Grants.Ignored(); len(ignored) > 0 {
		ev.list("claim_ignored", ignored)
	}
	a := d.Answer
	if a.Rule.Name != "" {
		ev.text("rule", a.Rule.Name).text("rule_kind", a.Rule.Kind).text("rule_file", a.Rule.File).number("rule_line", int64(a.Rule.Line))
	}
	if a.Policy != "" {
		ev.text("policy", a.Policy).number("statement", int64(a.Statement))
		if a.Sid != "" {
			ev.text("sid", a.Sid)
		}
	}
}
