package gateway

import (
	"testing"

	"github.com/claimgate/claimgate/internal/strictjson"
)

// Claims at the places of a body that resembles this one are those that would be found in it.
func TestClaimsAtTheSamePlaces(t *testing.T) {
	first, err := strictjson.Parse([]byte(`{"claims":{"parent":"p","iss":"https://one","extra":[1,{"sub":"no"}],"sub":"alice","exp":1,"sid":"s1","sessionPolicy":"e30"}}`))
	if err != nil {
		t.Fatal(err)
	}
	next := new(strictjson.Document)
	text := `{"claims":{"parent":"another","iss":"https://two","extra":[22,{"sub":"yes"}],"sub":"bob","exp":2345,"sid":"","sessionPolicy":"e31"}}`
	if err := next.ParseLike([]byte(text), first.Pattern()); err != nil || !next.Resembled() {
		t.Fatalf("%v: the second body does not resemble the first", err)
	}
	of := ClaimsOf(first.Root().Get("claims"))
	places := of.Places()
	got, want := places.In(next), ClaimsOf(next.Root().Get("claims"))
	if got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if got.found[claimSub].View() != "bob" || got.found[claimProvider].Kind() != strictjson.Missing || string(got.Raw()) != text[len(`{"claims":`):len(text)-1] {
		t.Errorf("found %+v", got)
	}
}
