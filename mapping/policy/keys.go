package policy

import (
	"slices"
	"strings"
)

// commonKeys are allowed in a condition of every s3 action.
var commonKeys = strings.Fields(`s3:signatureversion s3:authType s3:signatureAge s3:x-amz-content-sha256
s3:LocationConstraint aws:Referer aws:SourceIp aws:UserAgent aws:SecureTransport aws:CurrentTime aws:EpochTime
aws:principaltype aws:userid aws:username aws:groups ldap:user ldap:username ldap:groups jwt:sub jwt:iss jwt:aud
jwt:jti jwt:upn jwt:name jwt:groups jwt:given_name jwt:family_name jwt:middle_name jwt:nickname
jwt:preferred_username jwt:profile jwt:picture jwt:website jwt:email jwt:gender jwt:birthdate jwt:phone_number
jwt:address jwt:scope jwt:client_id`)

// restrictedKeys are allowed in a condition of the listed s3 actions only.
var restrictedKeys = map[string]string{
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

	existingTag = "s3:ExistingObjectTag/" // followed by the tag's name
	requestTag  = "s3:RequestObjectTag/"  // followed by the tag's name

	serviceDuration = "svc:DurationSeconds" // of a new access key
	stsDuration     = "sts:DurationSeconds" // of a new session
)

var keyActions = newKeyActions()

// newKeyActions maps each key to the s3 actions that a condition may restrict by that key.
func newKeyActions() map[string]actionSet {
	table := make(map[string]actionSet)
	for _, key := range commonKeys {
		table[key] = s3Actions
	}
	for key, names := range restrictedKeys {
		var set actionSet
		for _, name := range strings.Fields(names) {
			set.add(actionIDs["s3:"+name])
		}
		table[key] = set
	}
	return table
}

// ConditionKeys lists the condition keys, sorted. A key that ends in a slash is followed by the name of a
// tag.
func ConditionKeys() []string {
	keys := make([]string, 0, len(keyActions))
	for key := range keyActions {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// variableKeys are the common keys except one. MinIO looks up a variable under its plain name, and never
// sends a header under that name (README, D3).
var variableKeys = slices.DeleteFunc(slices.Clone(commonKeys), func(key string) bool {
	return key == "s3:x-amz-content-sha256"
})

// Variables lists the names that may stand in ${...}, sorted, except group:NAME and claim:NAME.
func Variables() []string {
	keys := slices.Clone(variableKeys)
	slices.Sort(keys)
	return keys
}

// tableKey returns the name under which the tables list a condition key. It is empty for a tag without a
// name.
func tableKey(key string) string {
	for _, tag := range []string{existingTag, requestTag} {
		if strings.HasPrefix(key, tag) && len(key) > len(tag) {
			return tag
		}
	}
	if strings.HasSuffix(key, "/") {
		return ""
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

// supports reports whether MinIO accepts a condition on the key for the action. Like MinIO, it accepts all
// keys for kms actions. The caller does not ask for a NotAction.
func supports(f family, action, key string) bool {
	key = tableKey(key)
	if isClaim(key) {
		return f != stsFamily // there is no verified token before the login
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
		return true // the wildcard itself accepts every key
	}
	return matching(pattern).intersects(keyActions[key])
}
