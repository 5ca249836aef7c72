# The decision of claimgate in the benchmark, in Rego. The single token in
# conditions is verified and must belong to the credential. Its groups grant
# policies, and a statement of these must allow the request.
package minio

tokens contains token if {
	some key in ["authentik_token", "X-Authentik-Jwt"]
	some token in input.conditions[key]
	token != ""
}

claims := payload if {
	count(tokens) == 1
	some token in tokens
	[valid, _, payload] := io.jwt.decode_verify(token, {"cert": data.jwks, "alg": "RS256", "iss": data.issuer, "aud": "minio"})
	valid
}

default allow := false

allow if {
	claims.iss == input.claims.iss
	claims.sub == input.claims.sub
	some group in claims.groups
	some name in data.grants[group]
	some statement in data.policies[name]
	some action in statement.actions
	glob.match(action, null, input.action)
	some resource in statement.resources
	glob.match(resource, null, concat("/", [input.bucket, input.object]))
}
