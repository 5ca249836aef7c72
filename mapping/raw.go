package mapping

import "github.com/claimgate/claimgate/internal/stricttoml"

// raw is the content of mapping.toml. The documentation of the keys is generated from the struct tags.
type raw struct {
	Version  int64        `toml:"version" doc:"The version of this format: 1."`
	Claim    rawClaim     `toml:"claim" doc:"What the token's own claim may grant. Without this table the claim grants nothing."`
	Groups   []rawGroup   `toml:"group" doc:"What a group of the issuer holds."`
	Users    []rawUser    `toml:"user" doc:"What one subject holds."`
	Accounts []rawAccount `toml:"account" doc:"What a static MinIO key holds that cannot carry a token."`
	Policies []rawPolicy  `toml:"policy" doc:"A custom policy."`
	Guards   []rawGuard   `toml:"guard" doc:"A deny that no grant overrides."`
}

type rawClaim struct {
	Name  string   `toml:"name" doc:"The claim's name; policy if left out. A dot is a part of the name. The claim's value is a string, a comma-separated string, or a list."`
	Path  []string `toml:"path" doc:"The names that lead to a nested claim, such as [\"resource_access\", \"minio\", \"roles\"]. Either path or name."`
	Allow []string `toml:"allow" doc:"The policies that the claim may grant. Other names in the claim are ignored and logged."`
}

// rawRights has the keys that all granting rules have.
type rawRights struct {
	Policies []string         `toml:"policies" doc:"The policies that the rule grants. At least one."`
	Reason   string           `toml:"reason" doc:"The reason, for the reviewer."`
	Owner    string           `toml:"owner" doc:"Who is responsible."`
	Expires  stricttoml.Value `toml:"expires" type:"date or date-time" doc:"The last day of the grant, as a date (the grant ends with that day, UTC), or the end of the grant, as a date-time."`
}

type rawGroup struct {
	Name   string `toml:"name" doc:"The group's exact name. Either name or match."`
	Match  string `toml:"match" doc:"A pattern with captures, such as minio-rw-{bucket}. A capture matches [A-Za-z0-9._-]+, and {bucket} only a legal bucket name."`
	Issuer string `toml:"issuer" doc:"The name of the issuer whose tokens the rule is for; any issuer if left out."`
	rawRights
}

type rawUser struct {
	Subject string `toml:"subject" doc:"The exact sub of the token."`
	Issuer  string `toml:"issuer" doc:"The name of the issuer whose tokens the rule is for; any issuer if left out."`
	rawRights
}

type rawAccount struct {
	Name string `toml:"name" doc:"The exact MinIO access key."`
	rawRights
}

type rawPolicy struct {
	Name     string           `toml:"name" doc:"The policy's name, compared without case. It must not be the name of a canned policy."`
	File     string           `toml:"file" doc:"A file with the document, relative to the mapping file. Either file or document."`
	Document stricttoml.Value `toml:"document" type:"string" doc:"The document itself, best between three single quotes."`
}

type rawGuard struct {
	Name         string   `toml:"name" doc:"The purpose of the guard, for the reviewer and the log."`
	Policy       string   `toml:"policy" doc:"The policy whose Deny statements no grant overrides."`
	ExceptGroups []string `toml:"except_groups" doc:"The exact names of the groups that the guard does not bind."`
	Issuer       string   `toml:"issuer" doc:"The issuer of the groups in except_groups; any issuer if left out."`
	Reason       string   `toml:"reason" doc:"The reason, for the reviewer."`
	Owner        string   `toml:"owner" doc:"Who is responsible."`
}
