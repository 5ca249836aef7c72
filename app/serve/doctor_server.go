package serve

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/claimgate/claimgate/app/server"
)

// certificate checks the listener's certificate as MinIO does. MinIO checks the name and the expiry,
// and has no setting to skip these checks.
func (d *doctor) certificate() {
	s := &d.config.Server
	if s.TLSCert == "" {
		return
	}
	c, err := server.LoadCertificate(s.TLSCert, s.TLSKey, s.ClientCA)
	if err != nil {
		d.say("certificate", err, "")
		return
	}
	leaf := c.Leaf()
	names := namesOf(leaf)
	switch end := leaf.NotAfter; {
	case !time.Now().Before(end):
		err = fmt.Errorf("%s expired on %s", s.TLSCert, end.Format(time.DateOnly))
	case time.Now().Before(leaf.NotBefore):
		err = fmt.Errorf("%s is not valid before %s: is the clock right?", s.TLSCert, leaf.NotBefore.Format(time.DateOnly))
	case len(names) == 0:
		err = fmt.Errorf("%s has no subject alternative name, so MinIO accepts it for no address", s.TLSCert)
	}
	d.say("certificate", err, "for "+strings.Join(names, ", ")+", valid until "+leaf.NotAfter.Format(time.DateOnly))
}

func namesOf(c *x509.Certificate) []string {
	names := append([]string(nil), c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	return names
}

// files tries the directories that the service writes to, and the bound on open files.
func (d *doctor) files() {
	for i := range d.config.Issuers {
		if file := d.config.Issuers[i].SnapshotFile; file != "" {
			d.say("snapshot", writable(filepath.Dir(file)), file+" can be written")
		}
	}
	const others = 100 // files, listeners, issuers, the store
	limit, err := openFiles()
	if want := uint64(d.config.Server.MaxConnections) + others; err == nil && limit > 0 {
		if limit < want {
			err = fmt.Errorf("server.max_connections needs %d open files, this process may have %d: raise LimitNOFILE= or ulimit -n, or lower the bound", want, limit)
		}
		d.say("open files", err, fmt.Sprintf("%d, enough for server.max_connections", limit))
	}
}

// writable creates a file and removes it, because permissions do not show a read-only file system.
func writable(dir string) error {
	f, err := os.CreateTemp(dir, ".claimgate-doctor-*")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// minio prints the settings of MinIO that fit this configuration.
func (d *doctor) minio() {
	s := &d.config.Server
	host, port, err := net.SplitHostPort(s.Listen)
	if err != nil {
		return // listeners has printed it
	}
	scheme := "http"
	if s.TLSCert != "" {
		scheme = "https"
		if c, err := server.LoadCertificate(s.TLSCert, s.TLSKey, ""); err == nil {
			if names := namesOf(c.Leaf()); len(names) > 0 {
				host = names[0]
			}
		}
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "<this host>"
	}
	note := func(format string, a ...any) {
		fmt.Fprintf(d.out, "note  %-14s %s\n", "MinIO", fmt.Sprintf(format, a...))
	}
	note("MINIO_POLICY_PLUGIN_URL=%s://%s%s", scheme, net.JoinHostPort(host, port), s.Path)
	if len(s.CallerTokens) > 0 {
		note("MINIO_POLICY_PLUGIN_AUTH_TOKEN= one of server.caller_tokens, the whole value: MinIO adds no \"Bearer\"")
	}
	if scheme == "https" {
		note("the certificate's authority must be in MinIO's certs/CAs, unless the system knows it")
	}
}
