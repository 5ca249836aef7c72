package access

import "strings"

// Resource returns the text of a pattern with the ARN prefix that a policy for the action uses.
func Resource(action, text string) string {
	switch family, _, _ := strings.Cut(action, ":"); {
	case family == "kms" && text == "/":
		return noKey
	case family == "kms":
		return kmsARN + text
	case family == "s3":
		return s3ARN + text
	case text == "*":
		return "*"
	}
	return s3ARN + text
}

// Show returns the text with the name of the capture, such as {bucket}, in place of each placeholder.
func (p *Principal) Show(text string) string {
	for placeholder, capture := range p.shown {
		text = strings.ReplaceAll(text, placeholder, capture)
	}
	return text
}

// Within returns true if the second Resource text matches every resource that the first text matches. A policy
// variable of the one text matches only the same variable of the other.
func Within(text, wider string) bool {
	return within(Placeholders(nil).Parse(text), Placeholders(nil).Parse(wider))
}

// Apart returns true if surely no resource matches both Resource texts.
func Apart(text, other string) bool {
	return disjoint(Placeholders(nil).Parse(text), Placeholders(nil).Parse(other))
}
