package anymapping

import (
	"fmt"
	"strings"
	"testing"

	"github.com/claimgate/claimgate/mapping"
)

// Large returns a mapping with 10,000 rules and 1,000 policies, as a company with many teams has.
func Large(tb testing.TB) *mapping.Mapping {
	tb.Helper()
	var b strings.Builder
	b.WriteString("version = 1\n[claim]\nallow = [\"readonly\"]\n[[group]]\nname = \"break-glass\"\npolicies = [\"consoleAdmin\"]\n")
	for i := range 1000 {
		doc := fmt.Sprintf(`{"Effect":"Allow","Action":["s3:Get*","s3:PutObject","s3:ListBucket"],"Resource":["arn:aws:s3:::team-%d","arn:aws:s3:::team-%d/*"]}`, i, i)
		switch i % 10 {
		case 1:
			doc += fmt.Sprintf(`,{"Effect":"Allow","Action":"s3:DeleteObject","Resource":"arn:aws:s3:::team-%d/tmp/*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}`, i)
		case 2:
			doc += fmt.Sprintf(`,{"Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::team-%d/closed/*"}`, i)
		case 3:
			doc = `{"Effect":"Allow","Action":["s3:*"],"Resource":["arn:aws:s3:::home/${jwt:sub}/*"]}`
		case 4:
			doc = fmt.Sprintf(`{"Effect":"Allow","Action":["s3:*"],"Resource":["arn:aws:s3:::dept-%d-${group:team}/*"]}`, i)
		}
		fmt.Fprintf(&b, "[[policy]]\nname = \"p%d\"\ndocument = '''{\"Statement\":[%s]}'''\n", i, doc)
	}
	b.WriteString("[[policy]]\nname = \"keep\"\ndocument = '''{\"Statement\":[{\"Effect\":\"Deny\",\"Action\":[\"s3:DeleteObject\",\"s3:DeleteObjectVersion\"],\"Resource\":[\"arn:aws:s3:::team-*\"]}]}'''\n")
	b.WriteString("[[guard]]\nname = \"keep\"\npolicy = \"keep\"\nexcept_groups = [\"break-glass\"]\n")
	for i := range 10_000 {
		switch {
		case i%10 == 4:
			fmt.Fprintf(&b, "[[group]]\nmatch = \"dept-%d-{team}\"\npolicies = [\"p%d\"]\n", i, i%1000/10*10+4)
		case i%50 == 9:
			fmt.Fprintf(&b, "[[user]]\nsubject = \"u%d\"\npolicies = [\"p%d\"]\n", i, i%1000)
		case i%50 == 19:
			fmt.Fprintf(&b, "[[account]]\nname = \"a%d\"\npolicies = [\"p%d\"]\n", i, i%1000)
		default:
			policy := i % 1000
			if policy%10 == 4 {
				policy++
			}
			fmt.Fprintf(&b, "[[group]]\nname = \"g%d\"\npolicies = [\"p%d\"]\n", i, policy)
		}
	}
	return Load(tb, b.String())
}
