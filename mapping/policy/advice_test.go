package policy

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The advice for each operation of the S3 API names an action that MinIO asks for, or says that the
// operation exists in AWS only.
func TestEveryOperationHasItsAction(t *testing.T) {
	for operation, asked := range operations {
		for action := range strings.FieldsSeq(asked) {
			if _, known := actionIDs["s3:"+action]; !known {
				t.Errorf("%s: no action is called s3:%s", operation, action)
			}
		}
		first, _, _ := strings.Cut(asked, " ")
		for _, text := range []string{"s3:" + operation, operation, "s3:" + strings.ToLower(operation)} {
			if got := ActionAdvice(text); !strings.Contains(got, `"s3:`+first+`"`) {
				t.Errorf("%s: the advice is %s", text, got)
			}
		}
	}
	for _, name := range awsOnly {
		if _, known := actionIDs["s3:"+name]; known || operations[name] != "" {
			t.Errorf("MinIO knows %s", name)
		}
		if got := ActionAdvice("s3:" + name); !strings.Contains(got, "AWS only") || strings.Contains(got, "write ") {
			t.Errorf("%s: the advice is %s", name, got)
		}
	}
	for text, want := range map[string]string{
		"s3:PutBucketLifecycle": `"s3:PutLifecycleConfiguration"`, "s3:ListObjectsV2": `"s3:ListBucket"`, "s3:ListBuckets": `"s3:ListAllMyBuckets"`,
		"s3:HeadObject": `"s3:GetObject"`, "s3:HeadBucket": `"s3:ListBucket"`, "s3:CreateMultipartUpload": `"s3:PutObject"`, "s3:UploadPart": `"s3:PutObject"`,
		"s3:CompleteMultipartUpload": `"s3:PutObject"`, "s3:PutBucketReplication": `"s3:PutReplicationConfiguration"`,
		"s3:PutBucketNotificationConfiguration": `"s3:PutBucketNotification"`, "s3:PutPublicAccessBlock": "AWS only", "s3:PutBucketAcl": "AWS only",
		"s3:CopyObject": `write "s3:PutObject", which MinIO asks for CopyObject, with "s3:GetObject" on the source`, "s3:GetObjct": `write "s3:GetObject"`,
		"s3:nonsense": SeeActions,
	} {
		if got := ActionAdvice(text); !strings.Contains(got, want) {
			t.Errorf("%s: the advice is %s, want %s", text, got, want)
		}
	}
}

// A guess from similar letters never proposes a root-equivalent action.
func TestNoAdviceLeadsToARootEquivalentAction(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		action := []byte(rapid.SampledFrom(actionNames).Draw(t, "action"))
		for range rapid.IntRange(1, 4).Draw(t, "changes") {
			i := rapid.IntRange(0, len(action)-1).Draw(t, "at")
			switch rapid.IntRange(0, 2).Draw(t, "change") {
			case 0:
				action[i] = rapid.SampledFrom([]byte("aeioustPBG")).Draw(t, "letter")
			case 1:
				action = slices.Delete(action, i, i+1)
			default:
				action = slices.Insert(action, i, 'x')
			}
			if len(action) == 0 {
				return
			}
		}
		text := string(action)
		if slices.Contains(actionNames, text) || operations[strings.TrimPrefix(text, "s3:")] != "" {
			return
		}
		advice := ActionAdvice(text)
		for _, name := range neverSuggested {
			if strings.Contains(advice, `"`+name+`"`) && !strings.EqualFold(name, text) {
				t.Fatalf("%s: the advice is %s", text, advice)
			}
		}
	})
}

func TestKnownActionsNeedNoAdvice(t *testing.T) {
	for _, action := range slices.Concat(Actions(), RootEquivalent()) {
		if advice, known := KnownAction(action); !known || advice != "" {
			t.Errorf("%s: %v %q", action, known, advice)
		}
	}
	if advice, known := KnownAction("s3:ListObjects"); known || !strings.Contains(advice, "s3:ListBucket") {
		t.Errorf("s3:ListObjects: %v %q", known, advice)
	}
}

func TestKeysOfAWSHaveAdvice(t *testing.T) {
	for key, want := range map[string]string{
		"jwt:acr": `"claim:acr"`, "aws:MultiFactorAuthPresent": `"claim:amr"`, "aws:PrincipalTag/team": `"claim:team"`,
		"aws:RequestedRegion": "AWS only", "aws:ResourceTag/x": "AWS only", "jwt:Sub": `"jwt:sub"`, "aws:sourceip": `"aws:SourceIp"`,
		"s3:VersionId": `"s3:versionid"`, "nonsense": "see the list",
	} {
		if got := keyAdvice(key, ConditionKeys()); !strings.Contains(got, want) {
			t.Errorf("%s: the advice is %s, want %s", key, got, want)
		}
	}
	for key := range awsKeys {
		if knownKey(key) {
			t.Errorf("MinIO knows %s", key)
		}
	}
}
