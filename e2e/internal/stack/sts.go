package stack

import "github.com/minio/minio-go/v7/pkg/credentials"

// Session calls AssumeRoleWithWebIdentity and returns MinIO's credentials for an
// id_token.
func (s *Stack) Session(idToken string) (credentials.Value, error) {
	s.tb.Helper()
	return s.RestrictedSession(idToken, "")
}

// RestrictedSession is Session with a session policy.
func (s *Stack) RestrictedSession(idToken, policy string) (credentials.Value, error) {
	s.tb.Helper()
	sts, err := credentials.NewSTSWebIdentity(
		s.minioURL(),
		func() (*credentials.WebIdentityToken, error) {
			return &credentials.WebIdentityToken{Token: idToken}, nil
		},
		func(web *credentials.STSWebIdentity) {
			web.RoleARN = roleARN()
			web.Policy = policy
			web.Client = s.HTTPClient()
		},
	)
	if err != nil {
		return credentials.Value{}, err
	}
	return sts.GetWithContext(nil)
}

// MustSession logs a user in and returns a session. It fails the test on an error.
func (s *Stack) MustSession(user, scope string) credentials.Value {
	s.tb.Helper()
	creds, err := s.Session(s.Login(user, scope).ID)
	if err != nil {
		s.tb.Fatalf("AssumeRoleWithWebIdentity for %s: %v", user, err)
	}
	return creds
}

// AssumeRole returns a session of a static key. A policy that is not empty becomes the
// session policy.
func (s *Stack) AssumeRole(static credentials.Value, policy string) credentials.Value {
	s.tb.Helper()
	sts := credentials.New(&credentials.STSAssumeRole{
		Client:      s.HTTPClient(),
		STSEndpoint: s.minioURL(),
		Options: credentials.STSAssumeRoleOptions{
			AccessKey: static.AccessKeyID,
			SecretKey: static.SecretAccessKey,
			Location:  region,
			Policy:    policy,
		},
	})
	creds, err := sts.GetWithContext(nil)
	if err != nil {
		s.tb.Fatalf("AssumeRole for %s: %v", static.AccessKeyID, err)
	}
	return creds
}
