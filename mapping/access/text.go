package access

import "strings"

// Resource returns the text of a pattern as a policy for the action writes it.
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

// Show returns the text with {capture} in place of each placeholder.
func (p *Principal) Show(text string) string {
	for made, capture := range p.shown {
		text = strings.ReplaceAll(text, made, capture)
	}
	return text
}

// Within returns true if every resource that the first text matches is matched by the second, as policies
// write them. With policy variables only equal texts are within each other.
func Within(text, of string) bool {
	return within(Placeholders(nil).Parse(text), Placeholders(nil).Parse(of))
}

// Apart returns true if surely no resource is matched by both texts.
func Apart(text, other string) bool {
	return disjoint(Placeholders(nil).Parse(text), Placeholders(nil).Parse(other))
}
