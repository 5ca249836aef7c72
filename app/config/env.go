package config

import (
	"fmt"
	"net/netip"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/claimgate/claimgate/internal/finding"
	"github.com/claimgate/claimgate/internal/spelling"
)

const prefix = "CLAIMGATE_"

// EnvConfig is the variable that names the configuration file if no flag does.
const EnvConfig = prefix + "CONFIG"

// envName returns the variable of a path: CLAIMGATE_ISSUER_0_URL for issuer[0].url.
func envName(path string) string {
	return prefix + strings.ToUpper(strings.NewReplacer(".", "_", "[", "_", "]", "").Replace(path))
}

// numbered matches a variable of a table in a list, and its number.
var numbered = regexp.MustCompile(`^CLAIMGATE_(ISSUER|ENDPOINT)_(0|[1-9][0-9]{0,2})_.`)

// readEnvironment sets the keys that variables give, and reports unknown variables.
func (l *loader) readEnvironment(env []string) {
	variables := map[string]string{}
	for _, assignment := range env {
		name, value, _ := strings.Cut(assignment, "=")
		if strings.HasPrefix(name, prefix) && name != EnvConfig && !injectedByKubernetes(name, value) {
			variables[name] = value
		}
	}
	l.config.Issuers = appendNumbered(l, "ISSUER", l.config.Issuers, variables)
	l.config.Endpoints = appendNumbered(l, "ENDPOINT", l.config.Endpoints, variables)

	known := map[string]entry{}
	walk(reflect.ValueOf(l.config).Elem(), "", func(e entry) {
		if e.leaf() {
			known[envName(e.path)] = e
		}
	})
	names := make([]string, 0, len(variables))
	for name := range variables {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		e, ok := known[name]
		if !ok {
			l.unknownVariable(name, known)
			continue
		}
		if bad := setText(e.field, e.value, variables[name]); bad != nil {
			l.variableFinding(codeBadValue, name, bad.message, bad.fix)
			continue
		}
		l.forgetElements(e.path)
		l.places[e.path] = place{variable: name}
	}
}

// forgetElements drops the places of a list's elements in the file, because a variable has replaced the list.
func (l *loader) forgetElements(path string) {
	for i := 0; ; i++ {
		element := path + "[" + strconv.Itoa(i) + "]"
		if _, ok := l.places[element]; !ok {
			return
		}
		delete(l.places, element)
	}
}

// appendNumbered appends a table for each further number that a variable has, without gaps.
func appendNumbered[T any](l *loader, kind string, tables []T, variables map[string]string) []T {
	numbers := map[int]bool{}
	for name := range variables {
		if m := numbered.FindStringSubmatch(name); m != nil && m[1] == kind {
			n, _ := strconv.Atoi(m[2]) // three digits
			numbers[n] = true
		}
	}
	for n := len(tables); numbers[n]; n++ {
		var table T
		setDefaults(reflect.ValueOf(&table).Elem())
		tables = append(tables, table)
		l.places[strings.ToLower(kind)+"["+strconv.Itoa(n)+"]"] = place{variable: fmt.Sprintf("%s%s_%d_*", prefix, kind, n)}
	}
	return tables
}

func (l *loader) unknownVariable(name string, known map[string]entry) {
	fix := "unset it"
	names := make([]string, 0, len(known))
	for n := range known {
		names = append(names, n)
	}
	slices.Sort(names)
	if m := numbered.FindStringSubmatch(name); m != nil && !slices.ContainsFunc(names, func(n string) bool {
		return strings.HasPrefix(n, prefix+m[1]+"_"+m[2]+"_")
	}) {
		next := map[string]int{"ISSUER": len(l.config.Issuers), "ENDPOINT": len(l.config.Endpoints)}
		fix = fmt.Sprintf("%ss are numbered without gaps, and the next free number is %d", strings.ToLower(m[1]), next[m[1]])
	} else if near := spelling.Nearest(name, names); near != "" {
		fix = "did you mean " + near + "? Else unset it"
	}
	l.variableFinding(codeUnknownEnv, name, "there is no such setting", fix)
}

func (l *loader) variableFinding(code, name, message, fix string) {
	l.findings = append(l.findings, finding.Finding{
		Code: code, Severity: finding.Error, File: Environment, Message: name + ": " + message, Fix: fix,
	})
}

var serviceLink = regexp.MustCompile(`^CLAIMGATE(?:_[A-Z0-9_]+?)??_(SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|PORT(?:_[0-9]+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)?)$`)

// injectedByKubernetes reports whether a variable is one that a kubelet gives every pod for a Service named
// claimgate or claimgate-something (enableServiceLinks is on by default). Name and value must both fit:
// CLAIMGATE_SERVER_PORT=8080 is a mistake of the user.
func injectedByKubernetes(name, value string) bool {
	m := serviceLink.FindStringSubmatch(name)
	if m == nil {
		return false
	}
	switch suffix := m[1]; {
	case suffix == "SERVICE_HOST" || strings.HasSuffix(suffix, "_ADDR"):
		_, err := netip.ParseAddr(value)
		return err == nil
	case strings.HasSuffix(suffix, "_PROTO"):
		return value == "tcp" || value == "udp" || value == "sctp"
	case strings.HasPrefix(suffix, "SERVICE_PORT") || strings.HasSuffix(suffix, "_PORT"):
		_, err := strconv.ParseUint(value, 10, 16)
		return err == nil
	default: // PORT, PORT_8080_TCP
		scheme, _, found := strings.Cut(value, "://")
		return found && (scheme == "tcp" || scheme == "udp" || scheme == "sctp")
	}
}
