package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/claimgate/claimgate/app/audit"
	"github.com/claimgate/claimgate/app/config"
	"github.com/claimgate/claimgate/internal/finding"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/verifier"
)

// doctor examines one configuration.
type doctor struct {
	config *config.Config
	out    io.Writer
	failed bool
}

// Diagnose tries everything that a service with the configuration c needs, and prints a line for
// each part to out. It serves nothing; it creates the decision log if the log is a file. It returns
// false if a part failed.
func Diagnose(ctx context.Context, c *config.Config, out io.Writer) bool {
	d := &doctor{config: c, out: out}
	d.say("configuration", nil, "loads")
	for _, w := range c.Warnings() {
		fmt.Fprintf(out, "note  %-14s %s\n", "configuration", w)
	}
	d.mapping()
	d.issuers(ctx)
	d.store(ctx)
	d.listeners(ctx)
	d.certificate()
	d.files()
	d.audit()
	d.minio()
	return !d.failed
}

// say prints one line about a part: fail and err, or ok and detail if err is nil.
func (d *doctor) say(part string, err error, detail string) {
	if err != nil {
		d.failed = true
		fmt.Fprintf(d.out, "fail  %-14s %v\n", part, err)
		return
	}
	fmt.Fprintf(d.out, "ok    %-14s %s\n", part, detail)
}

func (d *doctor) mapping() {
	m, found := mapping.Load(d.config.Mapping.File)
	if m != nil {
		found = append(found, m.CheckIssuers(issuerNames(d.config))...)
	}
	if m == nil || finding.HasErrors(found) {
		d.say("mapping", finding.AsError(found), "")
		return
	}
	d.say("mapping", nil, fmt.Sprintf("%s, revision %.16s, %d warnings (claimgate check lists them)", d.config.Mapping.File, m.Revision(), len(found)))
}

func (d *doctor) issuers(ctx context.Context) {
	o := VerifierOptions(d.config)
	for i := range o.Issuers {
		o.Issuers[i].SnapshotFile = "" // the keys must come from the issuer, not from a file
	}
	v, err := verifier.New(o)
	if err != nil {
		d.say("issuers", err, "")
		return
	}
	defer v.Close()
	v.Start()
	WaitKeys(ctx, v)
	for _, st := range v.States() {
		var err error
		switch {
		case st.Error != "":
			err = errors.New(st.Error)
		case !st.Usable:
			err = errors.New(st.URL + " did not answer in time: is it reachable from here?")
		}
		d.say("issuer "+st.Issuer, err, fmt.Sprintf("%s, %d signing keys", st.URL, st.Keys))
		for _, skipped := range st.Skipped {
			fmt.Fprintf(d.out, "note  %-14s not used: %s\n", "issuer "+st.Issuer, skipped)
		}
	}
}

func (d *doctor) listeners(ctx context.Context) {
	var lc net.ListenConfig
	for what, address := range map[string]string{"server.listen": d.config.Server.Listen, "admin.listen": d.config.Admin.Listen} {
		l, err := lc.Listen(ctx, "tcp", address)
		if err == nil {
			err = l.Close()
		} else {
			err = fmt.Errorf("%w: is claimgate running already?", err)
		}
		d.say(what, err, address+" is free")
	}
}

func (d *doctor) audit() {
	l, err := audit.Open(d.config.Audit.Output, d.config.Audit.Allow)
	if err == nil {
		err = l.Close()
	}
	d.say("decision log", err, d.config.Audit.Output)
}
