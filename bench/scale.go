package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/claimgate/claimgate/app/demo/issuer"
	"github.com/claimgate/claimgate/app/gateway"
)

// largeMapping returns a mapping with so many group rules and policies, in addition
// to smallMapping.
func largeMapping(groups, policies int) string {
	var text strings.Builder
	text.WriteString(smallMapping)
	for i := range groups {
		fmt.Fprintf(&text, "[[group]]\nname = \"group %d\"\npolicies = [\"p%d\"]\n", i, i%policies)
	}
	for i := range policies {
		fmt.Fprintf(&text, "[[policy]]\nname = \"p%d\"\ndocument = '''{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\","+
			"\"Action\":[\"s3:GetObject\"],\"Resource\":[\"arn:aws:s3:::b%d/*\"]}]}'''\n", i, i)
	}
	return text.String()
}

// questionWith returns a question of alice's whose token has so many further groups.
func questionWith(iss *issuer.Server, groups int) ([]byte, error) {
	user, _ := iss.User("alice")
	user.Groups = append([]string(nil), user.Groups...)
	for i := range groups {
		user.Groups = append(user.Groups, fmt.Sprintf("group %d", i*17%10_000))
	}
	claims := iss.IDClaims(user)
	claims["authentik_token"] = iss.EvidenceToken(user)
	return question(claims, 0)
}

// scale compares warm decisions about one token under a small and a large mapping,
// and draws the time over the rules, the policies and the groups in the token.
func scale(ctx context.Context, w *world, r *results) error {
	iss, err := startIssuer(ctx, 2048)
	if err != nil {
		return err
	}
	defer func() { _ = iss.Close() }()
	ratio, err := w.sizes(ctx, iss, 500, []string{smallMapping, largeMapping(10_000, 1000)})
	if err != nil {
		return err
	}
	r.record("scale", ratio[1]/ratio[0])

	rules := &plot{name: "scale-mapping", title: "A warm decision by the size of the mapping, 500 groups in the token", unit: "µs", xLabel: "group rules"}
	var texts []string
	for _, n := range []int{1, 10, 100, 1000, 10_000} {
		rules.x = append(rules.x, float64(n))
		texts = append(texts, largeMapping(n, max(1, n/10)))
	}
	if ratio, err = w.sizes(ctx, iss, 500, texts); err != nil {
		return err
	}
	rules.lines = []line{{"claimgate", ratio}}
	r.draw(rules)

	policies := &plot{name: "scale-policies", title: "A warm decision by the number of policies, 10,000 group rules", unit: "µs", xLabel: "policies"}
	texts = nil
	for _, n := range []int{1, 10, 100, 1000} {
		policies.x = append(policies.x, float64(n))
		texts = append(texts, largeMapping(10_000, n))
	}
	if ratio, err = w.sizes(ctx, iss, 500, texts); err != nil {
		return err
	}
	policies.lines = []line{{"claimgate", ratio}}
	r.draw(policies)

	tokens := &plot{name: "scale-groups", title: "A warm decision by the groups in the token, 10,000 group rules", unit: "µs", xLabel: "groups in the token"}
	var times []float64
	for _, n := range []int{1, 10, 100, 500} {
		one, err := w.sizes(ctx, iss, n, []string{largeMapping(10_000, 1000)})
		if err != nil {
			return err
		}
		tokens.x, times = append(tokens.x, float64(n)), append(times, one[0])
	}
	tokens.lines = []line{{"claimgate", times}}
	r.draw(tokens)
	return nil
}

// sizes measures the warm decision of one question under several mappings, in turns.
// It returns the medians in microseconds, in the order of mappings.
func (w *world) sizes(ctx context.Context, iss *issuer.Server, groups int, mappings []string) ([]float64, error) {
	body, err := questionWith(iss, groups)
	if err != nil {
		return nil, err
	}
	gates, requests := make([]*gate, len(mappings)), make([]*gateway.Request, len(mappings))
	for i, text := range mappings {
		if gates[i], err = w.newGate(ctx, iss, text); err != nil {
			return nil, err
		}
		defer gates[i].close()
		if requests[i], err = gates[i].warmed(ctx, body); err != nil {
			return nil, err
		}
	}
	times := make([][]float64, len(mappings))
	var d gateway.Decision
	for range w.rounds(40) {
		for i, g := range gates {
			times[i] = append(times[i], g.decisionTime(ctx, requests[i], &d))
		}
	}
	medians := make([]float64, len(mappings))
	for i := range times {
		medians[i] = median(times[i])
	}
	return medians, nil
}
