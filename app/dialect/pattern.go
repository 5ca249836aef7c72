package dialect

import (
	"fmt"

	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/internal/strictjson"
)

// Pattern is a body that was decoded, and where its members are. A Pattern never changes.
type Pattern struct {
	text *strictjson.Pattern
	form form
}

// Pattern returns a Pattern of the body that was decoded into doc, or nil if there is none. The texts of the
// strings in blank are not kept.
func (d *Dialect) Pattern(doc *strictjson.Document, blank ...strictjson.Value) *Pattern {
	m, err := d.find(doc)
	if err != nil {
		return nil
	}
	return &Pattern{text: doc.Pattern(blank...), form: m.form()}
}

// parse parses a body into doc. The error is ErrProbe if body is empty.
func (p *Pattern) parse(body []byte, doc *strictjson.Document) error {
	if len(body) == 0 {
		return ErrProbe
	}
	var guide strictjson.Guide // not p.text: a nil *Pattern in an interface is not nil
	if p != nil {
		guide = p.text
	}
	if err := doc.ParseLike(body, guide); err != nil {
		return fmt.Errorf("the body is not strict JSON: %w", err)
	}
	return nil
}

// form is where the members of a body are.
type form struct {
	values [members]strictjson.Place
	claims gateway.ClaimPlaces
}

func (m *Members) form() (f form) {
	for n, v := range m.Values {
		f.values[n] = v.Place()
	}
	f.claims = m.Claims.Places()
	return f
}

// in returns the members at the same places of a body that resembles the one of f.
func (f *form) in(doc *strictjson.Document) (m Members) {
	for n, place := range f.values {
		m.Values[n] = doc.At(place)
	}
	m.Claims = f.claims.In(doc)
	return m
}
