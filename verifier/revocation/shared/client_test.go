package shared

import "testing"

func TestWhatTheURLNames(t *testing.T) {
	for _, c := range []struct {
		url, address, user string
		database           int
	}{
		{"redis://host", "host:6379", "", 0},
		{"redis://alice@host:7000/3", "host:7000", "alice", 3},
		{"rediss://[::1]/", "[::1]:6379", "", 0},
	} {
		client, database, err := newClient(&Options{URL: c.url})
		if err != nil {
			t.Fatal(err)
		}
		o := client.Options()
		user, password, err := o.CredentialsProviderContext(t.Context())
		if o.Addr != c.address || database != c.database || o.DB != c.database || user != c.user || password != "" || err != nil {
			t.Errorf("%s: %s, database %d, user %q, password of %d bytes, %v", c.url, o.Addr, database, user, len(password), err)
		}
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestThePasswordIsReadForEachConnection(t *testing.T) {
	password := "old"
	client, _, err := newClient(&Options{URL: "redis://host", Password: func() string { return password }})
	if err != nil {
		t.Fatal(err)
	}
	password = "new"
	if _, got, err := client.Options().CredentialsProviderContext(t.Context()); got != "new" || err != nil {
		t.Errorf("the password before the change is used: %v", err)
	}
	if err := client.Close(); err != nil {
		t.Error(err)
	}
}
