// Command zitadel is the example server of zitadel/oidc with the users and the client of the end-to-end
// tests: a public client with the code flow, refresh tokens and the device grant.
//
//	zitadel PORT USERS.json
package main

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// clientID is the id of the only client.
const clientID = "minio"

// store adds the device grant to the example's native client. It also puts the claims of the user into the id_token,
// because MinIO reads only the id_token.
type store struct{ *storage.Storage }

func (s store) GetClientByClientID(ctx context.Context, id string) (op.Client, error) {
	c, err := s.Storage.GetClientByClientID(ctx, id)
	if err != nil {
		return nil, err
	}
	return client{c}, nil
}

type client struct{ op.Client }

func (c client) GrantTypes() []oidc.GrantType {
	return append(slices.Clone(c.Client.GrantTypes()), oidc.GrantTypeDeviceCode)
}

func (client) IDTokenUserinfoClaimsAssertion() bool { return true }

func main() {
	logger := slog.New(slog.NewTextHandler(os.Stderr, nil))
	if len(os.Args) != 3 {
		logger.Error("usage: zitadel PORT USERS.json")
		os.Exit(2)
	}
	address := net.JoinHostPort("127.0.0.1", os.Args[1])
	users, err := storage.StoreFromFile(os.Args[2])
	if err != nil {
		logger.Error("users", "error", err)
		os.Exit(2)
	}
	storage.RegisterClients(storage.NativeClient(clientID, "http://127.0.0.1/callback"))
	issuer := "http://" + address + "/"
	router := exampleop.SetupServer(issuer, store{storage.NewStorage(users)}, logger, false, op.WithAllowInsecure())
	if err := http.ListenAndServe(address, router); err != nil {
		logger.Error("serve", "error", err)
		os.Exit(1)
	}
}
