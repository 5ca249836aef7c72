package policy

import (
	"regexp"
	"strings"
)

var (
	sourceBucket = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:-]{1,61}[A-Za-z0-9]$`)
	dottedQuad   = regexp.MustCompile(`^([0-9]+\.){3}[0-9]+$`)
)

// possibleValue says what a key could hold, where MinIO checks it and the value
// is something else. Patterns are checked for the copy source only.
func possibleValue(key, value string, like bool) (want string) {
	if key == "s3:x-amz-copy-source" {
		bucket, object, _ := strings.Cut(strings.TrimPrefix(value, "/"), "/")
		if object == "" || !sourceBucket.MatchString(bucket) || dottedQuad.MatchString(bucket) ||
			strings.Contains(bucket, "..") || strings.Contains(bucket, ".-") || strings.Contains(bucket, "-.") {
			return `a bucket's name, a slash and an object, "bucket/object"`
		}
		return ""
	}
	if like {
		return ""
	}
	switch key {
	case "s3:x-amz-metadata-directive":
		if value != "COPY" && value != "REPLACE" {
			return `"COPY" or "REPLACE"`
		}
	case "s3:x-amz-server-side-encryption":
		if value != "AES256" && value != "aws:kms" {
			return `"AES256" or "aws:kms"`
		}
	case "s3:x-amz-server-side-encryption-customer-algorithm":
		if value != "AES256" {
			return `"AES256"`
		}
	case "s3:x-amz-content-sha256":
		if value == "" {
			return "a digest"
		}
	}
	return ""
}
