package access

import (
	"slices"
	"strings"
)

// Kind says what an action is about: an object, a bucket, the cluster, or a KMS key. A request of MinIO
// names bucket and object for an object, the bucket alone for a bucket, and neither for the cluster.
type Kind uint8

// The kinds. AnyKind stands for an action that this package does not know.
const (
	AnyKind Kind = iota
	ObjectKind
	BucketKind
	ClusterKind
	KeyKind // a KMS key by its name, or no key
)

// objectActions are the s3 actions that MinIO asks with an object (minio/pkg policy/action.go).
var objectActions = strings.Fields(`AbortMultipartUpload BypassGovernanceRetention DeleteObject DeleteObjectTagging
DeleteObjectVersion DeleteObjectVersionTagging GetObject GetObjectAttributes GetObjectLegalHold GetObjectRetention
GetObjectTagging GetObjectVersion GetObjectVersionAttributes GetObjectVersionForReplication GetObjectVersionTagging
ListMultipartUploadParts PutObject PutObjectFanOut PutObjectLegalHold PutObjectRetention PutObjectTagging
PutObjectVersionTagging ReplicateDelete ReplicateObject ReplicateTags RestoreObject`)

// clusterActions are the s3 actions that MinIO asks without a bucket.
var clusterActions = []string{"ListAllMyBuckets", "ListenNotification"}

// KindOf returns what an action is about.
func KindOf(action string) Kind {
	family, name, _ := strings.Cut(action, ":")
	switch {
	case family == "admin", family == "sts", family == "s3" && slices.Contains(clusterActions, name):
		return ClusterKind
	case family == "kms":
		return KeyKind
	case family == "s3" && slices.Contains(objectActions, name):
		return ObjectKind
	case family == "s3":
		return BucketKind
	}
	return AnyKind
}

// stages says how far a resource "bucket/object" is read. It is a set of bits, because a policy variable may
// end before or after the slash.
type stages uint8

const (
	atStart      stages = 1 << iota // nothing is read
	inBucket                        // the last byte is of the bucket
	afterBucket                     // the last byte is the slash after the bucket
	inObject                        // the last byte is of the object
	noBucket                        // the first byte is the slash: there is no bucket
	pastNoBucket                    // a byte after the slash of noBucket
)

// accepts returns the stages at which a resource of the kind may end.
func (k Kind) accepts() stages {
	switch k {
	case ObjectKind:
		return inObject
	case BucketKind:
		return afterBucket
	case ClusterKind:
		return noBucket
	case KeyKind:
		return afterBucket | noBucket
	case AnyKind:
	}
	return afterBucket | inObject | noBucket | pastNoBucket
}

// next returns the stages after one more symbol. A policy variable may stand for any text, slashes
// included.
func (s stages) next(a symbol) stages {
	var to stages
	if s&atStart != 0 {
		switch {
		case a == '/':
			to |= noBucket
		case a >= variable && a < capture:
			to |= inBucket | afterBucket | inObject | noBucket | pastNoBucket
		default:
			to |= inBucket
		}
	}
	if s&inBucket != 0 {
		switch {
		case a == '/':
			to |= afterBucket
		case a >= variable && a < capture:
			to |= inBucket | afterBucket | inObject
		default:
			to |= inBucket
		}
	}
	if s&(afterBucket|inObject) != 0 {
		to |= inObject
	}
	if s&(noBucket|pastNoBucket) != 0 {
		to |= pastNoBucket
	}
	return to
}
