package policy

import (
	"slices"
	"strings"
)

// A family is the part of an action before the colon. MinIO treats the statements of each family
// differently. A statement belongs to one family.
type family uint8

const (
	noFamily    family = iota // an unknown family: no wide pattern of an Allow covers it
	s3Family                  // Resource is evaluated
	adminFamily               // Resource is ignored
	kmsFamily                 // Resource names keys and may be absent
	stsFamily                 // Resource is ignored
)

var familyNames = [...]string{"unknown", "s3", "admin", "kms", "sts"}

func (f family) String() string { return familyNames[f] }

func familyOf(action string) family {
	prefix, _, found := strings.Cut(action, ":")
	if !found {
		return noFamily
	}
	switch prefix {
	case "s3":
		return s3Family
	case "admin":
		return adminFamily
	case "kms":
		return kmsFamily
	case "sts":
		return stsFamily
	}
	return noFamily
}

const s3Names = `AbortMultipartUpload BypassGovernanceRetention CreateBucket DeleteBucket DeleteBucketCors
DeleteBucketPolicy DeleteObject DeleteObjectTagging DeleteObjectVersion DeleteObjectVersionTagging ForceDeleteBucket
GetBucketCors GetBucketLocation GetBucketNotification GetBucketObjectLockConfiguration GetBucketPolicy
GetBucketPolicyStatus GetBucketTagging GetBucketVersioning GetEncryptionConfiguration GetLifecycleConfiguration
GetObject GetObjectAttributes GetObjectLegalHold GetObjectRetention GetObjectTagging GetObjectVersion
GetObjectVersionAttributes GetObjectVersionForReplication GetObjectVersionTagging GetReplicationConfiguration
HeadBucket ListAllMyBuckets ListBucket ListBucketMultipartUploads ListBucketVersions ListMultipartUploadParts
ListenBucketNotification ListenNotification PutBucketCors PutBucketNotification PutBucketObjectLockConfiguration
PutBucketPolicy PutBucketTagging PutBucketVersioning PutEncryptionConfiguration PutLifecycleConfiguration PutObject
PutObjectFanOut PutObjectLegalHold PutObjectRetention PutObjectTagging PutObjectVersionTagging
PutReplicationConfiguration ReplicateDelete ReplicateObject ReplicateTags ResetBucketReplicationState RestoreObject`

const adminNames = `AddUserToGroup AttachUserOrGroupPolicy BandwidthMonitor CancelBatchJob ClusterInfo ConfigUpdate
ConsoleLog CreatePolicy CreateServiceAccount CreateUser DataUsageInfo Decommission DeletePolicy DeleteUser
DescribeBatchJob DisableGroup DisableUser DriveInfo EnableGroup EnableUser ExportBucketMetadata ExportIAM ForceUnlock
GenerateBatchJob GetBucketQuota GetBucketTarget GetGroup GetPolicy GetUser Heal ImportBucketMetadata ImportIAM
InspectData KMSCreateKey KMSKeyStatus LicenseInfo ListBatchJobs ListGroups ListServiceAccounts ListTemporaryAccounts
ListTier ListUserPolicies ListUsers OBDInfo PoolInfo PoolList Profiling Prometheus Rebalance RemoveServiceAccount
RemoveUserFromGroup ReplicationDiff ServerInfo ServerTrace ServerUpdate ServiceFreeze ServiceRestart ServiceStop SetBucketQuota
SetBucketTarget SetInfo SetTier SiteReplicationAdd SiteReplicationDisable SiteReplicationInfo SiteReplicationOperation
SiteReplicationRemove SiteReplicationResync StartBatchJob StorageInfo TopLocksInfo UpdatePolicyAssociation
UpdateServiceAccount`

const kmsNames = `API AssignPolicy AuditLog CreateKey DeleteIdentity DeleteKey DeletePolicy DescribeIdentity
DescribePolicy DescribeSelfIdentity ErrorLog GetPolicy ImportKey KeyStatus ListIdentities ListKeys ListPolicies Metrics
SetPolicy Status Version`

const stsNames = `AssumeRoleWithWebIdentity`

// anyAction is the bare star. MinIO uses this text as the pattern for sts actions, so MinIO takes a
// statement with the bare star for an sts statement (README, D6).
const anyAction = "*"

var (
	actionNames = knownActions()
	actionIDs   = numbered(actionNames)
	s3Actions   = matching(appendWild(nil, "s3:*"))
)

func knownActions() []string {
	var all []string
	for _, f := range []struct{ family, names string }{
		{"s3:", s3Names}, {"admin:", adminNames}, {"kms:", kmsNames}, {"sts:", stsNames},
	} {
		for _, name := range strings.Fields(f.names) {
			all = append(all, f.family+name)
		}
	}
	slices.Sort(all)
	return all
}

func numbered(names []string) map[string]uint8 {
	ids := make(map[string]uint8, len(names))
	for i, name := range names {
		ids[name] = uint8(i)
	}
	return ids
}

// Actions lists the actions of MinIO that this package knows, sorted. A request may have an unknown action,
// which is evaluated like any other.
func Actions() []string { return slices.Clone(actionNames) }

// An actionSet is a set of known actions, by their number in actionNames.
type actionSet [3]uint64

func (s *actionSet) add(id uint8)      { s[id>>6] |= 1 << (id & 63) }
func (s *actionSet) has(id uint8) bool { return s[id>>6]&(1<<(id&63)) != 0 }
func (s *actionSet) empty() bool       { return *s == actionSet{} }

// matching returns the known actions that a pattern matches.
func matching(pattern []op) (set actionSet) {
	for id, name := range actionNames {
		if matchOps(pattern, name) {
			set.add(uint8(id))
		}
	}
	return set
}

// intersects reports whether the two sets have an action in common.
func (s actionSet) intersects(other actionSet) bool {
	for i := range s {
		if s[i]&other[i] != 0 {
			return true
		}
	}
	return false
}

func (s *actionSet) join(other actionSet) {
	for i := range s {
		s[i] |= other[i]
	}
}
