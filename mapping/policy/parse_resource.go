package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/claimgate/claimgate/internal/spelling"
	"github.com/claimgate/claimgate/internal/strictjson"
)

const (
	s3ARN  = "arn:aws:s3:::"
	kmsARN = "arn:minio:kms:::"
)

// resources reads the Resource or NotResource of a statement. The family of the statement must be known.
func (r *reader) resources(st *statement, v, resource, notResource strictjson.Value) {
	star := slices.Contains(st.actionText, anyAction) && !st.notAction
	if star && !st.deny {
		// MinIO takes a bare star for an sts statement and ignores Resource. For an Allow that would be
		// too wide.
		st.family = s3Family
	}
	ignored := st.family == adminFamily || st.family == stsFamily
	list, name := resource, "Resource"
	switch has, hasNot := resource.Kind() != strictjson.Missing, notResource.Kind() != strictjson.Missing; {
	case has && hasNot:
		r.fail(notResource.Offset(), "the statement has Resource and NotResource", "write two statements")
		return
	case hasNot && st.family != s3Family:
		r.fail(notResource.Offset(), "MinIO does not read NotResource with these actions",
			"remove it, or name the resources meant")
		return
	case hasNot:
		list, name, st.notResource = notResource, "NotResource", true
	case !has && st.family == s3Family:
		r.fail(v.Offset(), "the statement has no Resource", `write "Resource": ["`+s3ARN+`BUCKET/*"]`)
		return
	case !has:
		st.anyResource = true
		return
	}
	st.anyResource = ignored
	for _, w := range r.strings(list, name) {
		p := r.resource(st.family, w)
		st.resourceText = append(st.resourceText, w.text)
		st.resources = append(st.resources, p)
	}
	if ignored {
		st.resources = nil
	}
}

// resource reads one resource into a pattern that matches bucket/object.
func (r *reader) resource(f family, w written) *pattern {
	arn := s3ARN
	if f == kmsFamily || f != s3Family && strings.HasPrefix(w.text, kmsARN) {
		arn = kmsARN
	}
	text, found := strings.CutPrefix(w.text, arn)
	switch {
	case w.text != "" && strings.Trim(w.text, "*") == "":
		text = w.text // a bare star, which MinIO writes as "**" into session policies
	case !found:
		r.fail(w.offset, fmt.Sprintf("resource %q does not begin with %q", w.text, arn),
			fmt.Sprintf("write %q, or a bare \"*\"", arn+"NAME"))
	case text == "":
		r.fail(w.offset, "the resource names nothing", fmt.Sprintf("write %q for everything", arn+"*"))
	case text[0] == '/':
		r.fail(w.offset, "a resource that begins with a slash matches no bucket", "remove the slash")
	case arn == kmsARN && strings.ContainsAny(text, `/\`):
		r.fail(w.offset, "the name of a kms key cannot contain a slash", "write only the key's name")
	}
	return newPattern(r.parts(w.offset, text, appendWild), false)
}

// parts splits a text at its policy variables. spell turns the text between them into ops, with or without
// wildcards.
func (r *reader) parts(offset int, text string, spell func([]op, string) []op) []part {
	var parts []part
	literal := func(text string) {
		if text != "" {
			parts = append(parts, part{ops: spell(nil, text)})
		}
	}
	rest := text
	for {
		before, after, found := strings.Cut(rest, "${")
		literal(before)
		if !found {
			return parts
		}
		key, remainder, closed := strings.Cut(after, "}")
		if !closed {
			r.fail(offset, `"${" is not closed`, `write the variable as "${aws:username}"`)
			return parts
		}
		if !knownVariable(key) {
			fix := "use one of the condition keys that MinIO sends with every request, ${claim:NAME} or ${group:NAME}"
			if name := spelling.Nearest(key, variableKeys); name != "" {
				fix = fmt.Sprintf("write \"${%s}\"", name)
			}
			r.fail(offset, fmt.Sprintf("there is no policy variable \"${%s}\"", key), fix)
		}
		parts = append(parts, part{key: key})
		rest = remainder
	}
}

func knownVariable(key string) bool {
	if name, found := cutGroup(key); found {
		return name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == ""
	}
	if name, claim := strings.CutPrefix(key, claimPrefix); claim {
		return validClaimName(name)
	}
	return slices.Contains(variableKeys, key)
}
