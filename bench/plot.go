package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"strconv"
	"text/tabwriter"
)

// plot is drawn as lines over x if it has lines, else as bars.
type plot struct {
	name, title, unit string
	bars              []bar
	x                 []float64
	xLabel            string
	lines             []line
}

type bar struct {
	name  string
	value float64
	goal  bool // a limit or a reference value, drawn in grey
}

type line struct {
	name string
	y    []float64
}

// print writes the values as text.
func (p *plot) print(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, b := range p.bars {
		fmt.Fprintf(w, "  %s\t%s %s\n", b.name, short(b.value), p.unit)
	}
	for i, x := range p.x {
		fmt.Fprintf(w, "  %s %s", short(x), p.xLabel)
		for _, l := range p.lines {
			fmt.Fprintf(w, "\t%s: %s %s", l.name, short(l.y[i]), p.unit)
		}
		fmt.Fprintln(w)
	}
	_ = w.Flush()
}

// short formats v with three significant digits, or as an integer from 100 on.
func short(v float64) string {
	if v >= 100 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

const (
	width  = 720
	left   = 250 // where bars begin, right of their names
	barTop = 44
	barRow = 30
)

// svg draws the plot, in colors for light and dark pages.
func (p *plot) svg() []byte {
	var b bytes.Buffer
	height := barTop + barRow*len(p.bars) + 14
	if len(p.lines) > 0 {
		height = 300 + 18*len(p.lines)
	}
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13" role="img">`+"\n", width, height)
	b.WriteString("<style>text{fill:#24292f}.axis{stroke:#8c959f}.of{fill:#0969da}.goal{fill:#8c959f}" +
		"@media(prefers-color-scheme:dark){text{fill:#e6edf3}.of{fill:#58a6ff}}</style>\n")
	fmt.Fprintf(&b, "<title>%s</title>\n", escaped(p.title))
	label(&b, 8, 22, "start", p.title+", "+p.unit)
	if len(p.lines) > 0 {
		p.drawLines(&b)
	} else {
		p.drawBars(&b)
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

func label(b *bytes.Buffer, x, y float64, anchor, text string) {
	fmt.Fprintf(b, `<text x="%.0f" y="%.0f" text-anchor="%s">%s</text>`+"\n", x, y, anchor, escaped(text))
}

func escaped(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // writing to a buffer cannot fail
	return b.String()
}

func (p *plot) drawBars(b *bytes.Buffer) {
	most := 0.0
	for _, bar := range p.bars {
		most = max(most, bar.value)
	}
	for i, bar := range p.bars {
		y := float64(barTop + i*barRow)
		class, long := "of", max(1, bar.value/most*(width-left-90))
		if bar.goal {
			class = "goal"
		}
		label(b, left-8, y+15, "end", bar.name)
		fmt.Fprintf(b, `<rect class="%s" x="%d" y="%.0f" width="%.1f" height="20"/>`+"\n", class, left, y, long)
		label(b, left+long+6, y+15, "start", short(bar.value))
	}
}

var strokes = []string{"#0969da", "#cf222e", "#1a7f37", "#9a6700"}

// drawLines draws lines over a logarithmic x axis, because the sizes grow tenfold.
// The y axis begins at zero.
func (p *plot) drawLines(b *bytes.Buffer) {
	const x0, x1, y0, y1 = 70.0, 690.0, 250.0, 44.0
	most := 0.0
	for _, l := range p.lines {
		for _, y := range l.y {
			most = max(most, y)
		}
	}
	from, to := math.Log(p.x[0]), math.Log(p.x[len(p.x)-1])
	at := func(x, y float64) (float64, float64) {
		return x0 + (math.Log(x)-from)/(to-from)*(x1-x0), y0 - y/most*(y0-y1)
	}
	fmt.Fprintf(b, `<path class="axis" fill="none" d="M%.0f %.0fV%.0fH%.0f"/>`+"\n", x0, y1, y0, x1)
	for _, part := range []float64{0, 0.5, 1} {
		_, y := at(p.x[0], part*most)
		label(b, x0-6, y+4, "end", short(part*most))
	}
	for _, x := range p.x {
		px, _ := at(x, 0)
		label(b, px, y0+18, "middle", short(x))
	}
	label(b, (x0+x1)/2, y0+36, "middle", p.xLabel)
	for i, l := range p.lines {
		fmt.Fprintf(b, `<polyline fill="none" stroke-width="2" stroke="%s" points="`, strokes[i%len(strokes)])
		for n, y := range l.y {
			px, py := at(p.x[n], y)
			fmt.Fprintf(b, "%.1f,%.1f ", px, py)
		}
		b.WriteString("\"/>\n")
		y := y0 + 54 + float64(18*i)
		fmt.Fprintf(b, `<rect x="%.0f" y="%.0f" width="12" height="12" fill="%s"/>`+"\n", x0, y-11, strokes[i%len(strokes)])
		label(b, x0+18, y, "start", l.name)
	}
}
