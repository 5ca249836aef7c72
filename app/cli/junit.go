package cli

import (
	"encoding/xml"
	"io"
)

type (
	// JUnitSuite is the part of JUnit's XML that CI servers read.
	JUnitSuite struct {
		XMLName  xml.Name    `xml:"testsuite"`
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Cases    []JUnitCase `xml:"testcase"`
		Output   string      `xml:"system-out,omitempty"`
	}
	// JUnitCase is one test of a suite.
	JUnitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		File    string        `xml:"file,attr"`
		Line    int           `xml:"line,attr"`
		Time    string        `xml:"time,attr"`
		Failure *JUnitFailure `xml:"failure"`
	}
	// JUnitFailure says why a test failed.
	JUnitFailure struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// JUnit writes the suite as XML.
func JUnit(w io.Writer, suite *JUnitSuite) error {
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(suite); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
