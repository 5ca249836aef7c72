// The matrix command prints which malformed tokens JOSE libraries and package verifier
// accept. Each token is signed by a trusted key.
//
//	go -C verifier/matrix run .                         # print the table
//	go -C verifier/matrix run . -write ../README.md     # replace it in the README
//
// Every library has its default options, one RS256 key, and is told to check iss, aud and
// exp. The table shows robustness, not break-ins: only the issuer can sign these tokens.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"log"
	"os"
)

func main() {
	log.SetFlags(0)
	file := flag.String("write", "", "the `file` in which to replace the table")
	flag.Parse()
	table, err := table()
	if err != nil {
		log.Fatal(err)
	}
	if *file == "" {
		fmt.Print(table)
		return
	}
	if err := replace(*file, table); err != nil {
		log.Fatal(err)
	}
}

// The table is between these lines of the README.
const (
	begin = "<!-- matrix: go -C verifier/matrix run . -write ../README.md -->\n"
	end   = "<!-- matrix ends -->\n"
)

func replace(file, table string) error {
	old, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, ok1 := bytes.Cut(old, []byte(begin))
	_, after, ok2 := bytes.Cut(rest, []byte(end))
	if !ok1 || !ok2 {
		return fmt.Errorf("%s has no place for the table: it needs the lines\n%s%s", file, begin, end)
	}
	fresh := fmt.Appendf(nil, "%s%s%s%s%s", before, begin, table, end, after)
	return os.WriteFile(file, fresh, 0o600) //nolint:gosec // the developer who runs this names the file; it keeps the mode it has
}
