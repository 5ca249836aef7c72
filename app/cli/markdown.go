package cli

import "strings"

// Codes writes texts as code, separated by commas, so that Markdown reads nothing in them.
func Codes(list []string) string {
	var quoted []string
	for _, text := range list {
		quoted = append(quoted, Code(text))
	}
	return strings.Join(quoted, ", ")
}

// Code writes one text as code.
func Code(text string) string {
	fence := "`"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	if len(fence) > 1 {
		text = " " + text + " "
	}
	return fence + Cell(text) + fence
}

// Cell keeps a text within its cell of a Markdown table.
func Cell(text string) string {
	text = strings.NewReplacer("|", `\|`, "\n", " ", "\r", " ").Replace(text)
	return text
}
