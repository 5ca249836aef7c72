package offline

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/claimgate/claimgate/app/dialect/dialects"
	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/internal/strictjson"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/policy"
)

// Holder is an identity with its grants.
type Holder struct {
	Grants  *mapping.Grants // empty if no rule names the identity; never nil
	context policy.Context
}

// Holder returns who sends the request in a webhook's body, with the grants. The error says why the request is
// decided before the grants.
func (g *Gate) Holder(ctx context.Context, body []byte) (*Holder, error) {
	r, err := dialects.Decode(body, new(strictjson.Document))
	if err != nil {
		return nil, err
	}
	d := g.gateway.Decide(ctx, &r)
	switch {
	case d.Grants != nil:
	case d.Reason == gateway.Owner:
		return nil, fmt.Errorf("the key is root's: MinIO lets root do everything")
	case d.Reason == gateway.NoToken || d.Reason == gateway.NoPolicy:
		d.Grants = new(mapping.Grants)
	default:
		return nil, fmt.Errorf("the identity is refused: %s: %s", d.Reason, d.Detail)
	}
	return &Holder{d.Grants, gateway.Question(&r, d.Identity).Context}, nil
}

// Value returns the value of a policy variable, or "" if the holder has no value or several.
func (h *Holder) Value(key string) string {
	values := h.context.Values(key)
	if len(values) != 1 {
		return ""
	}
	if !strings.HasPrefix(key, "claim:") {
		return values[0]
	}
	var text string
	if json.Unmarshal([]byte(values[0]), &text) != nil {
		return ""
	}
	return text
}
