package policy

import (
	"os"
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
		"s3:nonsense": SeeActions, "s3:DeleteObjectAnnotation": "AWS only", "s3:PutStorageLensConfiguration": "AWS only", "s3:GetAccessPointPolicyStatus": "AWS only",
		"s3:ListObject": `"s3:ListBucket"`, "s3:GetBucket": `"s3:ListBucket"`, "s3:PutBucket": `"s3:CreateBucket"`, "s3:GetService": `"s3:ListAllMyBuckets"`,
		"s3:PutObjectPart": `"s3:PutObject"`, "s3:NewMultipartUpload": `"s3:PutObject"`, "s3:PostPolicyBucket": `"s3:PutObject"`,
		"s3:GetBucketReplicationConfig": `"s3:GetReplicationConfiguration"`,
	} {
		if got := ActionAdvice(text); !strings.Contains(got, want) {
			t.Errorf("%s: the advice is %s, want %s", text, got, want)
		}
	}
}

// operations.txt lists the operations of the S3 API (aws-sdk-go-v2/service/s3 v1.114.10) and the actions of
// AWS's service authorization reference. No name of AWS is left to likeness.
func TestNoNameOfAWSIsGuessed(t *testing.T) {
	text, err := os.ReadFile("testdata/operations.txt")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for line := range strings.Lines(string(text)) {
		name := strings.TrimSpace(line)
		if name == "" || strings.HasPrefix(name, "#") {
			continue
		}
		count++
		_, known := actionIDs["s3:"+name]
		_, asked := operations[name]
		only := slices.ContainsFunc(awsOnly, func(n string) bool { return strings.EqualFold(n, name) })
		near := slices.ContainsFunc(actionNames, func(n string) bool { return strings.EqualFold(n, "s3:"+name) }) // GetBucketCORS
		if !known && !asked && !only && !near {
			t.Errorf("%s: the advice is a guess: %s", name, ActionAdvice("s3:"+name))
		}
	}
	if count < 200 {
		t.Errorf("the list has %d names", count)
	}
}

// A guess corrects letters. It keeps the verb: whoever wants to put must not be told to delete.
func TestAGuessKeepsTheVerb(t *testing.T) {
	for _, text := range []string{"s3:UploadObject", "s3:WriteObject", "s3:PutObjectVersion", "s3:DeleteJobs", "s3:MultipartUpload"} {
		if got := ActionAdvice(text); got != SeeActions {
			t.Errorf("%s: the advice is %s", text, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		verb := rapid.SampledFrom(verbs).Draw(t, "verb")
		noun := strings.TrimPrefix(rapid.SampledFrom(actionNames).Draw(t, "action"), "s3:")
		noun = strings.TrimPrefix(noun, firstWord(noun))
		advice := ActionAdvice("s3:" + verb + noun)
		if _, asked := operations[verb+noun]; asked {
			return
		}
		// The name that the text is taken for: an action, or an operation that leads to one.
		_, name, found := strings.Cut(advice, "MinIO asks for ")
		if !found {
			_, name, found = strings.Cut(advice, `write "s3:`)
		}
		if found && firstWord(name) != verb {
			t.Fatalf("%s: the advice is %s", verb+noun, advice)
		}
	})
}

// A guess never leads to a root-equivalent action.
func TestNoAdviceLeadsToARootEquivalentAction(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		action := []byte(rapid.SampledFrom(misspellable).Draw(t, "name"))
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
		for operation := range operations {
			if strings.EqualFold(operation, strings.TrimPrefix(text, "s3:")) {
				return // no guess: MinIO asks for this action
			}
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

// A name in another case is the action itself, whatever its verb, and a root-equivalent action too.
func TestTheCaseOfAnActionIsCorrected(t *testing.T) {
	for text, want := range map[string]string{"s3:getobject": `write "s3:GetObject"`, "ADMIN:SERVERINFO": `write "admin:ServerInfo"`, "s3:PUTBUCKETPOLICY": `write "s3:PutBucketPolicy"`} {
		if got := ActionAdvice(text); !strings.HasPrefix(got, want) {
			t.Errorf("for %s the advice is %s", text, got)
		}
	}
}
