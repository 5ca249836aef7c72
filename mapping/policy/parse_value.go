package policy

import (
	"regexp"
	"strings"
)

var (
	sourceBucket = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:-]{1,61}[A-Za-z0-9]$`)
	dottedQuad   = regexp.MustCompile(`^([0-9]+\.){3}[0-9]+$`)
)

// impossibleValue checks a value for the keys whose values MinIO checks. want is empty if the value is
// possible, else it says what the key can hold. If like is true the value is a pattern, and only the copy
// source is checked.
func impossibleValue(key, value string, like bool) (want string) {
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
