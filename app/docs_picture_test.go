package main

import (
	"fmt"
	"html"
	"os"
	"strings"
	"testing"
)

// The picture in the README shows what the demo prints. UPDATE=1 draws the picture again.
func TestThePictureInTheReadmeIsWhatTheDemoPrints(t *testing.T) {
	const file = "../docs/images/demo.svg"
	code, out, stderr := command(t, "demo", "--once", "--listen", "127.0.0.1:0")
	if code != 0 {
		t.Fatalf("the demo ends with %d: %s", code, stderr)
	}
	want := terminalPicture("go run ./app demo", strings.Split(strings.TrimRight(out, "\n"), "\n"))
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if readDoc(t, file) != want {
		t.Errorf("%s shows something else than the demo prints: draw it anew with UPDATE=1 go test ./app -run Picture", file)
	}
}

// terminalPicture draws a command and its output as SVG: the answer allow in green, deny in red.
func terminalPicture(command string, lines []string) string {
	const lineHeight, charWidth, left, top = 20.0, 7.83, 24.0, 70.0
	longest := 0
	for _, line := range lines {
		longest = max(longest, len(line))
	}
	width, height := 2*left+charWidth*float64(longest), top+lineHeight*float64(len(lines))+24
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" role="img" aria-label="%s and its output">
<style>
text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; white-space: pre; fill: #d6deeb; }
.soft { fill: #8b98a9; } .allow { fill: #7ee787; } .deny { fill: #ff9e97; }
</style>
<rect width="100%%" height="100%%" rx="10" fill="#0f1720"/>
<circle cx="24" cy="22" r="6" fill="#ff5f57"/><circle cx="44" cy="22" r="6" fill="#febc2e"/><circle cx="64" cy="22" r="6" fill="#28c840"/>
<text x="%.0f" y="52"><tspan class="soft">$</tspan>&#160;%s</text>
`, width, height, width, height, html.EscapeString(command), left, html.EscapeString(command))
	for i, line := range lines {
		class := "soft"
		if i > 0 {
			class = ""
		}
		text := html.EscapeString(line)
		for _, answer := range []string{"allow", "deny"} {
			text = strings.Replace(text, "  "+answer+"  ", "  <tspan class=\""+answer+"\">"+answer+"</tspan>  ", 1)
		}
		fmt.Fprintf(&b, "<text x=\"%.0f\" y=\"%.0f\" class=\"%s\" textLength=\"%.1f\" xml:space=\"preserve\">%s</text>\n",
			left, top+lineHeight*float64(i+1)-6, class, charWidth*float64(len(line)), text)
	}
	b.WriteString("</svg>\n")
	return b.String()
}
