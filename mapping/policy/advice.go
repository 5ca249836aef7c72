package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/claimgate/claimgate/internal/spelling"
)

// RootEquivalent lists the actions that lead to all other actions, or to all data, without the webhook:
// creating keys and users, attaching policies, changing the configuration (which can remove the webhook),
// reading drives, and making a bucket public, because MinIO never asks the webhook about anonymous
// requests.
func RootEquivalent() []string { return slices.Clone(rootEquivalent) }

var rootEquivalent = []string{
	"admin:AttachUserOrGroupPolicy", "admin:ConfigUpdate", "admin:CreateServiceAccount", "admin:CreateUser",
	"admin:Heal", "admin:ImportIAM", "admin:InspectData", "admin:ServiceRestart",
	"admin:SiteReplicationAdd", "admin:SiteReplicationDisable", "admin:SiteReplicationInfo", "admin:SiteReplicationOperation",
	"admin:SiteReplicationRemove", "admin:SiteReplicationResync",
	"admin:UpdatePolicyAssociation", "admin:UpdateServiceAccount",
	"s3:PutBucketPolicy",
}

// neverSuggested lists the actions that a guess from similar letters must never propose: the root-equivalent
// ones, and the two that together copy all data away.
var neverSuggested = append([]string{"s3:PutReplicationConfiguration", "admin:SetBucketTarget"}, rootEquivalent...)

// SeeActions is the advice for a text that resembles no action.
const SeeActions = "see the list of actions"

// KnownAction reports whether the action is one of Actions. If not, advice says what to write instead.
func KnownAction(action string) (advice string, known bool) {
	if _, known = actionIDs[action]; known {
		return "", true
	}
	return ActionAdvice(action), false
}

// ActionAdvice says what to write instead of a text that is not an action. It first looks for the meaning:
// operations of the S3 API, and actions of AWS that MinIO has under another name or not at all. Only a text
// without a known meaning is compared by its letters; see guess. The advice is a clause such as
// `write "s3:ListBucket", which MinIO asks for ListObjectsV2`.
func ActionAdvice(text string) string {
	family, name, found := strings.Cut(text, ":")
	if !found {
		family, name = "s3", text
	}
	if strings.EqualFold(family, "s3") || !found {
		for operation, asked := range operations {
			if strings.EqualFold(name, operation) {
				return operationAdvice(operation, asked)
			}
		}
		if slices.ContainsFunc(awsOnly, func(n string) bool { return strings.EqualFold(n, name) }) {
			return awsOnlyAdvice(name)
		}
	}
	for _, action := range actionNames {
		if strings.EqualFold(action, text) {
			return fmt.Sprintf("write %q", action)
		}
	}
	return guess(family, name)
}

// misspelled is the largest number of wrong letters in a text that counts as a misspelling. GetObject and
// PutObject differ by two letters, so a guess keeps a known verb as well.
const misspelled = 2

// guess returns the advice for a misspelled action or operation. A guess must not grant more than was meant. So
// it never names a root-equivalent action, and never replaces a known verb with another verb.
func guess(family, name string) string {
	candidates := misspellable
	if verb := firstWord(name); slices.Contains(verbs, verb) {
		candidates = slices.DeleteFunc(slices.Clone(misspellable), func(c string) bool {
			_, other, _ := strings.Cut(c, ":")
			return firstWord(other) != verb
		})
	}
	near := spelling.Within(family+":"+name, candidates, misspelled)
	_, name, _ = strings.Cut(near, ":")
	switch asked, isOperation := operations[name]; {
	case near == "":
		return SeeActions
	case strings.HasPrefix(near, "s3:") && isOperation:
		if first, _, _ := strings.Cut(asked, " "); !slices.Contains(neverSuggested, "s3:"+first) {
			return operationAdvice(name, asked)
		}
	case strings.HasPrefix(near, "s3:") && slices.Contains(awsOnly, name):
		return awsOnlyAdvice(name)
	case !slices.Contains(neverSuggested, near):
		return fmt.Sprintf("write %q", near)
	}
	return SeeActions
}

// misspellable are the names that a guess compares a text with, and verbs the first words of these names.
var misspellable, verbs = func() (names, verbs []string) {
	names = slices.Clone(actionNames)
	for operation := range operations {
		names = append(names, "s3:"+operation)
	}
	for _, name := range awsOnly {
		names = append(names, "s3:"+name)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	for _, name := range names {
		_, name, _ = strings.Cut(name, ":")
		verbs = append(verbs, firstWord(name))
	}
	slices.Sort(verbs)
	return names, slices.Compact(verbs)
}()

// firstWord returns the first word of a name in camel case: "Put" of "PutObject".
func firstWord(name string) string {
	for i := 1; i < len(name); i++ {
		if 'A' <= name[i] && name[i] <= 'Z' {
			return name[:i]
		}
	}
	return name
}

func awsOnlyAdvice(name string) string {
	return fmt.Sprintf("remove it: %s exists in AWS only, MinIO has no such action and never asks for it", name)
}

func operationAdvice(operation, asked string) string {
	list := strings.Fields(asked)
	advice := fmt.Sprintf("write %q", "s3:"+list[0])
	if list[0] != operation {
		advice += ", which MinIO asks for " + operation
	}
	if len(list) > 1 {
		advice += fmt.Sprintf(", with %q on the source", "s3:"+list[1])
	}
	return advice
}

// operations maps each operation of the S3 API (AWS API reference, 2026) to the action that MinIO asks for,
// without "s3:". A second action is asked for the source of a copy. The operations that MinIO implements
// are in its router (cmd/api-router.go), the actions in their handlers. The last entries are other names of
// operations: those in MinIO's trace and audit log, and those of the first S3 API.
var operations = map[string]string{
	"AbortMultipartUpload": "AbortMultipartUpload", "CompleteMultipartUpload": "PutObject", "CopyObject": "PutObject GetObject",
	"CreateBucket": "CreateBucket", "CreateMultipartUpload": "PutObject", "InitiateMultipartUpload": "PutObject",
	"DeleteBucket": "DeleteBucket", "DeleteBucketCors": "DeleteBucketCors", "DeleteBucketEncryption": "PutEncryptionConfiguration",
	"DeleteBucketLifecycle": "PutLifecycleConfiguration", "DeleteBucketLifecycleConfiguration": "PutLifecycleConfiguration",
	"DeleteBucketPolicy": "DeleteBucketPolicy", "DeleteBucketReplication": "PutReplicationConfiguration",
	"DeleteBucketTagging": "PutBucketTagging", "DeleteObject": "DeleteObject", "DeleteObjects": "DeleteObject",
	"DeleteMultipleObjects": "DeleteObject", "DeleteObjectTagging": "DeleteObjectTagging",
	"GetBucketAcl": "GetBucketPolicy", "GetBucketCors": "GetBucketCors", "GetBucketEncryption": "GetEncryptionConfiguration",
	"GetBucketLifecycle": "GetLifecycleConfiguration", "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
	"GetBucketLocation": "GetBucketLocation", "GetBucketNotification": "GetBucketNotification",
	"GetBucketNotificationConfiguration": "GetBucketNotification", "GetBucketObjectLockConfiguration": "GetBucketObjectLockConfiguration",
	"GetBucketPolicy": "GetBucketPolicy", "GetBucketPolicyStatus": "GetBucketPolicyStatus",
	"GetBucketReplication": "GetReplicationConfiguration", "GetBucketTagging": "GetBucketTagging",
	"GetBucketVersioning": "GetBucketVersioning", "GetObject": "GetObject", "GetObjectAcl": "GetBucketPolicy",
	"GetObjectAttributes": "GetObjectAttributes", "GetObjectLegalHold": "GetObjectLegalHold",
	"GetObjectLockConfiguration": "GetBucketObjectLockConfiguration", "GetObjectRetention": "GetObjectRetention",
	"GetObjectTagging": "GetObjectTagging", "HeadBucket": "ListBucket", "HeadObject": "GetObject",
	"ListBuckets": "ListAllMyBuckets", "ListMultipartUploads": "ListBucketMultipartUploads", "ListObjects": "ListBucket",
	"ListObjectsV2": "ListBucket", "ListObjectVersions": "ListBucketVersions", "ListParts": "ListMultipartUploadParts",
	"PostObject": "PutObject", "PutBucketCors": "PutBucketCors", "PutBucketEncryption": "PutEncryptionConfiguration",
	"PutBucketLifecycle": "PutLifecycleConfiguration", "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
	"PutBucketNotification": "PutBucketNotification", "PutBucketNotificationConfiguration": "PutBucketNotification",
	"PutBucketObjectLockConfiguration": "PutBucketObjectLockConfiguration", "PutBucketPolicy": "PutBucketPolicy",
	"PutBucketReplication": "PutReplicationConfiguration", "PutBucketTagging": "PutBucketTagging",
	"PutBucketVersioning": "PutBucketVersioning", "PutObject": "PutObject", "PutObjectLegalHold": "PutObjectLegalHold",
	"PutObjectLockConfiguration": "PutBucketObjectLockConfiguration", "PutObjectRetention": "PutObjectRetention",
	"PutObjectTagging": "PutObjectTagging", "RestoreObject": "RestoreObject", "SelectObjectContent": "GetObject",
	"UploadPart": "PutObject", "UploadPartCopy": "PutObject GetObject",

	"CopyObjectPart": "PutObject GetObject", "DeleteBucketReplicationConfig": "PutReplicationConfiguration", "GetBucket": "ListBucket",
	"GetBucketObjectLockConfig": "GetBucketObjectLockConfiguration", "GetBucketReplicationConfig": "GetReplicationConfiguration",
	"GetBucketObjectVersions": "ListBucketVersions", "GetService": "ListAllMyBuckets", "ListBucketObjectVersions": "ListBucketVersions",
	"ListObjectParts": "ListMultipartUploadParts", "ListObjectsV1": "ListBucket", "ListObjectsV2M": "ListBucket",
	"NewMultipartUpload": "PutObject", "PostPolicyBucket": "PutObject", "PutBucket": "CreateBucket",
	"PutBucketObjectLockConfig": "PutBucketObjectLockConfiguration", "PutBucketReplicationConfig": "PutReplicationConfiguration",
	"PutObjectExtract": "PutObject", "PutObjectPart": "PutObject",
}

// awsOnly lists operations of the S3 API and actions of AWS that MinIO does not have, or answers without
// asking for an action of that name.
var awsOnly = strings.Fields(`CreateBucketMetadataConfiguration CreateBucketMetadataTableConfiguration CreateSession
DeleteBucketAnalyticsConfiguration DeleteBucketIntelligentTieringConfiguration DeleteBucketInventoryConfiguration
DeleteBucketMetadataConfiguration DeleteBucketMetadataTableConfiguration DeleteBucketMetricsConfiguration
DeleteBucketOwnershipControls DeleteBucketWebsite DeletePublicAccessBlock GetBucketAbac
GetBucketAccelerateConfiguration GetBucketAnalyticsConfiguration GetBucketIntelligentTieringConfiguration
GetBucketInventoryConfiguration GetBucketLogging GetBucketMetadataConfiguration GetBucketMetadataTableConfiguration
GetBucketMetricsConfiguration GetBucketOwnershipControls GetBucketRequestPayment GetBucketWebsite GetObjectTorrent
GetPublicAccessBlock ListBucketAnalyticsConfigurations ListBucketIntelligentTieringConfigurations
ListBucketInventoryConfigurations ListBucketMetricsConfigurations ListDirectoryBuckets PutBucketAbac
PutBucketAccelerateConfiguration PutBucketAcl PutBucketAnalyticsConfiguration
PutBucketIntelligentTieringConfiguration PutBucketInventoryConfiguration PutBucketLogging
PutBucketMetricsConfiguration PutBucketOwnershipControls PutBucketRequestPayment PutBucketWebsite PutObjectAcl
PutPublicAccessBlock RenameObject UpdateBucketMetadataInventoryTableConfiguration
UpdateBucketMetadataJournalTableConfiguration UpdateObjectEncryption WriteGetObjectResponse
GetAccelerateConfiguration PutAccelerateConfiguration GetAnalyticsConfiguration PutAnalyticsConfiguration
GetInventoryConfiguration PutInventoryConfiguration GetMetricsConfiguration PutMetricsConfiguration
GetIntelligentTieringConfiguration PutIntelligentTieringConfiguration GetBucketPublicAccessBlock
PutBucketPublicAccessBlock GetAccountPublicAccessBlock PutAccountPublicAccessBlock GetObjectVersionAcl
PutObjectVersionAcl GetObjectVersionTorrent CreateAccessPoint DeleteAccessPoint GetAccessPoint ListAccessPoints
CreateJob DescribeJob ListJobs InitiateReplication ObjectOwnerOverrideToBucketOwner TagResource UntagResource
ListTagsForResource AssociateAccessGrantsIdentityCenter CreateAccessGrant CreateAccessGrantsInstance
CreateAccessGrantsLocation CreateAccessPointForObjectLambda CreateMultiRegionAccessPoint CreateStorageLensGroup
DeleteAccessGrant DeleteAccessGrantsInstance DeleteAccessGrantsInstanceResourcePolicy DeleteAccessGrantsLocation
DeleteAccessPointForObjectLambda DeleteAccessPointPolicy DeleteAccessPointPolicyForObjectLambda DeleteJobTagging
DeleteMultiRegionAccessPoint DeleteObjectAnnotation DeleteStorageLensConfiguration
DeleteStorageLensConfigurationTagging DeleteStorageLensGroup DescribeMultiRegionAccessPointOperation
DissociateAccessGrantsIdentityCenter GetAccessGrant GetAccessGrantsInstance GetAccessGrantsInstanceForPrefix
GetAccessGrantsInstanceResourcePolicy GetAccessGrantsLocation GetAccessPointConfigurationForObjectLambda
GetAccessPointForObjectLambda GetAccessPointPolicy GetAccessPointPolicyForObjectLambda GetAccessPointPolicyStatus
GetAccessPointPolicyStatusForObjectLambda GetDataAccess GetJobTagging GetMultiRegionAccessPoint
GetMultiRegionAccessPointPolicy GetMultiRegionAccessPointPolicyStatus GetMultiRegionAccessPointRoutes
GetObjectAnnotation GetStorageLensConfiguration GetStorageLensConfigurationTagging GetStorageLensDashboard
GetStorageLensGroup ListAccessGrants ListAccessGrantsInstances ListAccessGrantsLocations
ListAccessPointsForObjectLambda ListCallerAccessGrants ListMultiRegionAccessPoints ListObjectAnnotations
ListStorageLensConfigurations ListStorageLensGroups PauseReplication PutAccessGrantsInstanceResourcePolicy
PutAccessPointConfigurationForObjectLambda PutAccessPointPolicy PutAccessPointPolicyForObjectLambda
PutAccessPointPublicAccessBlock PutJobTagging PutMultiRegionAccessPointPolicy PutObjectAnnotation
PutStorageLensConfiguration PutStorageLensConfigurationTagging SubmitMultiRegionAccessPointRoutes
UpdateAccessGrantsLocation UpdateBucketMetadataAnnotationTableConfiguration UpdateJobPriority UpdateJobStatus
UpdateStorageLensGroup`)

// keyAdvice says what to write instead of a condition key or a policy variable that MinIO does not have.
func keyAdvice(key string, known []string) string {
	for aws, advice := range awsKeys {
		if strings.EqualFold(key, aws) || strings.HasSuffix(aws, "/") && len(key) > len(aws) && strings.EqualFold(key[:len(aws)], aws) {
			if name := key[min(len(aws), len(key)):]; strings.Contains(advice, "%s") {
				return fmt.Sprintf(advice, name)
			}
			return advice
		}
	}
	if name, found := strings.CutPrefix(key, "jwt:"); found {
		if near := spelling.Nearest(key, known); strings.EqualFold(near, key) {
			return fmt.Sprintf("write %q", near)
		}
		if validClaimName(name) {
			return fmt.Sprintf("write %q: MinIO has no key jwt:%s, but claim:NAME reads any claim of the verified token", claimPrefix+name, name)
		}
	}
	if near := spelling.Nearest(key, known); near != "" {
		return fmt.Sprintf("write %q", near)
	}
	return "see the list of condition keys"
}

// awsKeys maps the condition keys of AWS that MinIO does not fill to what to write instead. A key that ends
// in a slash is a prefix, and %s stands for the rest of the key.
var awsKeys = func() map[string]string {
	const never = "remove it: the key exists in AWS only, and MinIO never sends it"
	keys := map[string]string{
		"aws:MultiFactorAuthPresent": `MinIO does not know about a second factor: let the issuer put it into the token, and write a condition on "claim:amr" or "claim:acr"`,
		"aws:MultiFactorAuthAge":     `MinIO does not know about a second factor: let the issuer put it into the token, and write a condition on "claim:auth_time"`,
		"aws:PrincipalTag/":          `write "claim:%s": claimgate reads the tags of a principal from the claims of the verified token`,
		"aws:TokenIssueTime":         `write "claim:iat": this claim is the time at which the token was issued`,
		"aws:FederatedProvider":      `write "jwt:iss": the issuer of the token`,
		"aws:VpcSourceIp":            `write "aws:SourceIp"`,
		"aws:PrincipalArn":           `write "jwt:sub": MinIO has no ARN of a principal`,
		"s3:TlsVersion":              `write "aws:SecureTransport": MinIO does not send the version of TLS`,
		"s3:VersionId":               `write "s3:versionid"`,
		"s3:x-amz-acl":               never,
	}
	for _, key := range strings.Fields(`aws:CalledVia aws:CalledViaFirst aws:CalledViaLast aws:PrincipalAccount
aws:PrincipalIsAWSService aws:PrincipalOrgID aws:PrincipalOrgPaths aws:PrincipalServiceName aws:PrincipalServiceNamesList
aws:RequestedRegion aws:RequestTag/ aws:ResourceAccount aws:ResourceOrgID aws:ResourceOrgPaths aws:ResourceTag/
aws:SourceAccount aws:SourceArn aws:SourceIdentity aws:SourceOrgID aws:SourceOrgPaths aws:SourceVpc aws:SourceVpce
aws:TagKeys aws:ViaAWSService s3:AccessGrantsInstanceArn s3:AccessPointNetworkOrigin s3:DataAccessPointAccount
s3:DataAccessPointArn s3:JobSuspendedCause s3:ResourceAccount s3:x-amz-grant-full-control s3:x-amz-grant-read
s3:x-amz-grant-read-acp s3:x-amz-grant-write s3:x-amz-grant-write-acp s3:x-amz-object-ownership
s3:InventoryAccessibleOptionalFields s3:if-match s3:if-none-match`) {
		keys[key] = never
	}
	return keys
}()
