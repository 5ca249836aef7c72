package cli

import "strings"

// Codes returns texts as Markdown code, separated by commas.
func Codes(list []string) string {
	var quoted []string
	for _, text := range list {
		quoted = append(quoted, Code(text))
	}
	return strings.Join(quoted, ", ")
}

// Code returns a text as Markdown code, so that no character in it is markup.
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

// Cell escapes a text for a cell of a Markdown table.
func Cell(text string) string {
	text = strings.NewReplacer("|", `\|`, "\n", " ", "\r", " ").Replace(text)
	return text
}
