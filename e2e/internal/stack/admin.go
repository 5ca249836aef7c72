package stack

import (
	"github.com/minio/madmin-go/v3"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// Admin returns MinIO's administration client with the given credentials.
func (s *Stack) Admin(creds credentials.Value) *madmin.AdminClient {
	s.tb.Helper()
	c, err := madmin.NewWithOptions(s.MinIOEndpoint(), &madmin.Options{
		Creds:     credentials.NewStaticV4(creds.AccessKeyID, creds.SecretAccessKey, creds.SessionToken),
		Secure:    s.ca != nil,
		Transport: s.transport(),
	})
	if err != nil {
		s.tb.Fatal(err)
	}
	return c
}
