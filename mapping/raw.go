package mapping

import "github.com/claimgate/claimgate/internal/stricttoml"

// raw is the content of mapping.toml. The documentation of the keys is generated from the struct tags.
type raw struct {
	Version  int64        `toml:"version" doc:"The version of this format: 1."`
	Claim    rawClaim     `toml:"claim" doc:"What the token's own claim may grant. Without it the claim grants nothing."`
	Groups   []rawGroup   `toml:"group" doc:"What a group of the issuer holds."`
	Users    []rawUser    `toml:"user" doc:"What one subject holds."`
	Accounts []rawAccount `toml:"account" doc:"What a static MinIO key holds that can carry no token."`
	Policies []rawPolicy  `toml:"policy" doc:"A custom policy."`
	Guards   []rawGuard   `toml:"guard" doc:"A deny that no grant overrides."`
}

type rawClaim struct {
	Name  string   `toml:"name" doc:"The claim's name; policy if left out. A dot is a part of the name. The value is a string, a comma-separated string, or a list."`
	Path  []string `toml:"path" doc:"The names that lead to a nested claim, such as [\"resource_access\", \"minio\", \"roles\"]. Instead of name."`
	Allow []string `toml:"allow" doc:"The policies it may name. Anything else it names is ignored and logged."`
}

// rawRights has the keys that all granting rules have.
type rawRights struct {
	Policies []string         `toml:"policies" doc:"The policies granted. At least one."`
	Reason   string           `toml:"reason" doc:"Why, for the reviewer."`
	Owner    string           `toml:"owner" doc:"Who answers for it."`
	Expires  stricttoml.Value `toml:"expires" type:"date or date-time" doc:"A date, the last day of the grant (it is off from the end of that day, UTC), or a date-time."`
}

type rawGroup struct {
	Name   string `toml:"name" doc:"The group's name, exactly. Or match."`
	Match  string `toml:"match" doc:"A pattern with captures, such as minio-rw-{bucket}. A capture matches [A-Za-z0-9._-]+, {bucket} only a legal bucket name."`
	Issuer string `toml:"issuer" doc:"The issuer's name, where several are configured."`
	rawRights
}

type rawUser struct {
	Subject string `toml:"subject" doc:"The token's sub, exactly."`
	Issuer  string `toml:"issuer" doc:"The issuer's name, where several are configured."`
	rawRights
}

type rawAccount struct {
	Name string `toml:"name" doc:"The MinIO access key, exactly."`
	rawRights
}

type rawPolicy struct {
	Name     string           `toml:"name" doc:"The policy's name, compared without case. Not a canned policy's."`
	File     string           `toml:"file" doc:"A file with the document, relative to the mapping. Or document."`
	Document stricttoml.Value `toml:"document" type:"string" doc:"The document in place, best between three single quotes."`
}

type rawGuard struct {
	Name         string   `toml:"name" doc:"What it is for, for the reviewer and the log."`
	Policy       string   `toml:"policy" doc:"The policy whose Deny statements nothing overrides."`
	ExceptGroups []string `toml:"except_groups" doc:"Groups it does not bind, exactly."`
	Issuer       string   `toml:"issuer" doc:"The issuer of the groups in except_groups, where several are configured."`
	Reason       string   `toml:"reason" doc:"Why, for the reviewer."`
	Owner        string   `toml:"owner" doc:"Who answers for it."`
}
