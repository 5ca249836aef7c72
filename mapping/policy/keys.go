package policy

import (
	"slices"
	"strings"
)

// commonKeys may stand in a condition of any s3 action.
var commonKeys = strings.Fields(`s3:signatureversion s3:authType s3:signatureAge s3:x-amz-content-sha256
s3:LocationConstraint aws:Referer aws:SourceIp aws:UserAgent aws:SecureTransport aws:CurrentTime aws:EpochTime
aws:principaltype aws:userid aws:username aws:groups ldap:user ldap:username ldap:groups jwt:sub jwt:iss jwt:aud
jwt:jti jwt:upn jwt:name jwt:groups jwt:given_name jwt:family_name jwt:middle_name jwt:nickname
jwt:preferred_username jwt:profile jwt:picture jwt:website jwt:email jwt:gender jwt:birthdate jwt:phone_number
jwt:address jwt:scope jwt:client_id`)

// someKeys may stand in a condition of the s3 actions named beside them.
var someKeys = map[string]string{
	"s3:prefix":                       `ListBucket ListBucketVersions`,
	"s3:delimiter":                    `ListBucket ListBucketVersions`,
	"s3:max-keys":                     `ListBucket ListBucketVersions`,
	"s3:x-amz-copy-source":            `PutObject`,
	"s3:x-amz-metadata-directive":     `PutObject`,
	"s3:x-amz-storage-class":          `PutObject`,
	"s3:x-amz-server-side-encryption": sseActions,
	"s3:x-amz-server-side-encryption-customer-algorithm": sseActions,
	"s3:x-amz-server-side-encryption-aws-kms-key-id":     sseActions,
	"s3:object-lock-mode":                                `BypassGovernanceRetention PutObject PutObjectRetention`,
	"s3:object-lock-legal-hold":                          `BypassGovernanceRetention PutObject PutObjectLegalHold`,
	"s3:object-lock-retain-until-date":                   `BypassGovernanceRetention PutObject PutObjectRetention`,
	"s3:object-lock-remaining-retention-days":            `BypassGovernanceRetention PutObjectRetention`,
	"s3:versionid": `BypassGovernanceRetention DeleteObject DeleteObjectTagging DeleteObjectVersion
DeleteObjectVersionTagging GetObject GetObjectRetention GetObjectTagging GetObjectVersion GetObjectVersionAttributes
GetObjectVersionForReplication GetObjectVersionTagging PutObject PutObjectLegalHold PutObjectRetention
PutObjectTagging PutObjectVersionTagging ReplicateDelete ReplicateObject ReplicateTags`,
	existingTag: `DeleteObjectTagging DeleteObjectVersionTagging GetObject GetObjectAttributes GetObjectTagging
GetObjectVersion GetObjectVersionAttributes GetObjectVersionForReplication GetObjectVersionTagging PutObjectTagging
PutObjectVersionTagging ReplicateDelete ReplicateObject ReplicateTags`,
	requestTag:                requestTagActions,
	"s3:RequestObjectTagKeys": requestTagActions,
	serviceDuration:           ``,
	stsDuration:               ``,
}

const (
	sseActions        = `GetObject GetObjectRetention PutObject PutObjectLegalHold PutObjectRetention`
	requestTagActions = `BypassGovernanceRetention PutBucketTagging PutObject PutObjectTagging PutObjectVersionTagging`

	existingTag = "s3:ExistingObjectTag/" // and the tag's name
	requestTag  = "s3:RequestObjectTag/"  // and the tag's name

	serviceDuration = "svc:DurationSeconds" // of a new access key
	stsDuration     = "sts:DurationSeconds" // of a new session
)

var keyActions = tabulateKeys()

// tabulateKeys gives every key the s3 actions that may be restricted by it.
func tabulateKeys() map[string]actionSet {
	table := make(map[string]actionSet)
	for _, key := range commonKeys {
		table[key] = s3Actions
	}
	for key, names := range someKeys {
		var set actionSet
		for _, name := range strings.Fields(names) {
			set.add(actionIDs["s3:"+name])
		}
		table[key] = set
	}
	return table
}

// ConditionKeys lists the condition keys, sorted. Those that end in a slash
// are followed by the name of a tag.
func ConditionKeys() []string {
	keys := make([]string, 0, len(keyActions))
	for key := range keyActions {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// variableKeys are the common keys but one: MinIO looks a variable up under its
// plain name, under which a header never comes (README, D3).
var variableKeys = slices.DeleteFunc(slices.Clone(commonKeys), func(key string) bool {
	return key == "s3:x-amz-content-sha256"
})

// Variables lists what ${...} may name besides group:NAME, sorted.
func Variables() []string {
	keys := slices.Clone(variableKeys)
	slices.Sort(keys)
	return keys
}

// tableKey is the key under which a condition key stands in the tables.
func tableKey(key string) string {
	for _, tag := range []string{existingTag, requestTag} {
		if strings.HasPrefix(key, tag) && len(key) > len(tag) {
			return tag
		}
	}
	if strings.HasSuffix(key, "/") {
		return "" // a tag without a name
	}
	return key
}

func knownKey(key string) bool {
	if name, claim := strings.CutPrefix(key, claimPrefix); claim {
		return validClaimName(name)
	}
	_, known := keyActions[tableKey(key)]
	return known
}

// supports reports whether MinIO lets an action of a statement be restricted
// by a key. Nothing is checked for kms, as in MinIO; a NotAction is not checked
// either.
func supports(f family, action, key string) bool {
	key = tableKey(key)
	if isClaim(key) {
		return f != stsFamily // nobody has a verified token before the login
	}
	switch f {
	case adminFamily:
		return key == serviceDuration || strings.HasPrefix(key, "aws:") || strings.HasPrefix(key, "jwt:") ||
			strings.HasPrefix(key, "ldap:")
	case kmsFamily:
		return true
	case stsFamily:
		return key == stsDuration
	case s3Family, noFamily:
	}
	if action == anyAction {
		return key == stsDuration
	}
	pattern := appendWild(nil, action)
	if matchOps(pattern, "s3:*") {
		return true // the wildcard itself takes every key
	}
	return matching(pattern).meets(keyActions[key])
}
