package proof

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/claimgate/claimgate/app/review/offline"
	"github.com/claimgate/claimgate/internal/finding"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/invariant"
)

// Of proves invariants of the mapping of the options. assume fixes values of condition keys: KEY=VALUE.
func Of(ctx context.Context, o offline.Options, list []invariant.Invariant, assume []string) ([]invariant.Result, error) {
	gate, err := offline.New(o)
	if err != nil {
		return nil, err
	}
	defer gate.Close()
	p := invariant.Options{Mapping: o.Mapping, Now: o.Now(), Assume: assume, Judge: func(id invariant.Identity, req invariant.Request) (bool, error) {
		x, err := gate.ExplainQuestion(ctx, question(&id, &req))
		if err == nil && id.Account == "" && strings.HasPrefix(string(x.Reason), "token_") {
			err = fmt.Errorf("%w: %s: %s", invariant.ErrNoToken, x.Reason, x.Detail)
		}
		return x.Allow, err
	}}
	for _, i := range o.Issuers {
		p.Issuers = append(p.Issuers, i.Name)
		path := i.GroupsPath
		if len(path) == 0 {
			path = []string{"groups"}
		}
		p.GroupsPaths = append(p.GroupsPaths, path)
	}
	return invariant.Prove(p, list)
}

func question(id *invariant.Identity, req *invariant.Request) *offline.Question {
	q := &offline.Question{
		Subject: id.Subject, Issuer: id.Issuer, Groups: id.Groups, Claims: id.Claims, Account: id.Account,
		Action: req.Action, Bucket: req.Bucket, Object: req.Object, Conditions: req.Conditions,
	}
	if len(id.Policy) > 0 {
		q.Policy = id.Policy
	}
	return q
}

// Beside returns the file of invariants of a mapping file, or nothing if there is no such file.
func Beside(mappingFile string) []string {
	file := invariant.FileOf(mappingFile)
	if _, err := os.Stat(file); err != nil && os.IsNotExist(err) {
		return nil
	}
	return []string{file}
}

// Read reads files of invariants. The error says everything that is wrong with the first wrong file. Two
// invariants with the same name are an error, too.
func Read(files []string) ([]invariant.Invariant, error) {
	var all []invariant.Invariant
	for _, file := range files {
		list, err := invariant.Read(file)
		if err != nil {
			return nil, err
		}
		for _, i := range list {
			if at := slices.IndexFunc(all, func(o invariant.Invariant) bool { return o.Name == i.Name }); at >= 0 {
				return nil, fmt.Errorf("%s:%d: %s:%d has an invariant of the name %q, too; give each a name of its own", i.File, i.Line, all[at].File, all[at].Line, i.Name)
			}
		}
		all = append(all, list...)
	}
	return all, nil
}

// Findings proves the invariants of the files, for the mapping of the options. It returns a finding for each
// invariant that does not hold, or one finding if the files cannot be read.
func Findings(ctx context.Context, o offline.Options, files []string) []finding.Finding {
	if len(files) == 0 {
		return nil
	}
	list, err := Read(files)
	if err != nil {
		return []finding.Finding{{Code: mapping.CodeInvariants, Severity: finding.Error, File: files[0], Message: unread(err), Fix: "correct the file: until then no invariant is proved"}}
	}
	results, err := Of(ctx, o, list, nil)
	if err != nil {
		return []finding.Finding{{Code: mapping.CodeInvariants, Severity: finding.Error, File: files[0], Message: err.Error(), Fix: "correct the file: until then no invariant is proved"}}
	}
	return Broken(results)
}

// unread returns the message for a file that cannot be read. The finding names the file already.
func unread(err error) string {
	if pathError := new(fs.PathError); errors.As(err, &pathError) {
		return "the invariants cannot be read: " + pathError.Err.Error()
	}
	return "the invariants cannot be read: " + err.Error()
}

// Broken returns a finding for each result that is not a proof.
func Broken(results []invariant.Result) []finding.Finding {
	var found []finding.Finding
	for i := range results {
		r := &results[i]
		f := finding.Finding{Code: mapping.CodeViolated, Severity: finding.Error, File: r.File, Line: r.Line, Column: 1}
		switch r.Verdict {
		case invariant.Holds:
			continue
		case invariant.Violated:
			f.Message = fmt.Sprintf("the invariant %q is violated: %s", r.Name, Sentence(r.Counterexample))
			f.Fix = "claimgate prove prints the request, and claimgate explain says by which rule; take that right away, or change the sentence"
		case invariant.Undecided:
			f.Code = mapping.CodeUndecided
			f.Message = fmt.Sprintf("the invariant %q could not be proved: %s", r.Name, r.Why)
			f.Fix = "make the policy or the invariant simpler; please report the case"
		}
		found = append(found, f)
	}
	return found
}
