package login

import (
	"fmt"
	"net"

	"github.com/chromedp/chromedp"

	"github.com/claimgate/claimgate/e2e/internal/images"
	"github.com/claimgate/claimgate/e2e/internal/person"
)

// demo is the issuer of claimgate's demo.
func demo(args ...string) provider {
	choose := func(who string) chromedp.Action {
		return chromedp.Click(fmt.Sprintf("button[value=%q]", who), chromedp.ByQuery)
	}
	return provider{
		name: "demo",
		start: func(w *world) string {
			address := freeAddress(w.T)
			args := append([]string{"demo", "issuer", "--listen", address, "--logout-uri", "http://" + w.gate + "/backchannel-logout"}, args...)
			w.background("issuer", nil, "claimgate", args...)
			return "http://" + address + "/application/o/minio/"
		},
		login: func(who string) []chromedp.Action { return []chromedp.Action{choose(who)} },
		device: func(who, code string) []chromedp.Action {
			return []chromedp.Action{
				chromedp.SendKeys("input[name=code]", code+"\r", chromedp.ByQuery), choose(who), person.Reads("The device is logged in"),
			}
		},
		evidence:   true,
		logoutEnds: true,
	}
}

// password is the password of every user. passwordHash is its bcrypt hash.
const (
	password     = "password"
	passwordHash = "$2a$10$2b2cU8CPhOTaGrs1HRQuAueS7JTT5ZHsHSzYiFPm1leZck7Mc8T4W"
)

// dex is Dex with local passwords. Its id_token has no token inside, and Dex has no back-channel logout.
func dex() provider {
	enter := func(who string) []chromedp.Action {
		return []chromedp.Action{
			chromedp.SendKeys("#login", who+"@example.com", chromedp.ByQuery), chromedp.SendKeys("#password", password+"\r", chromedp.ByQuery),
		}
	}
	return provider{
		name: "Dex",
		start: func(w *world) string {
			if err := images.Build(w.Context(), bin, "dex"); err != nil {
				w.Fatal(err)
			}
			address := freeAddress(w.T)
			config := fmt.Sprintf(`issuer: http://%[1]s/dex
storage: {type: memory}
web: {http: "%[1]s"}
telemetry: {http: ""}
oauth2: {skipApprovalScreen: true}
enablePasswordDB: true
staticClients:
- {id: minio, name: MinIO, public: true, redirectURIs: ["http://127.0.0.1:18250/callback", "http://127.0.0.1:18251/callback", "http://127.0.0.1:18252/callback", "/device/callback"]}
staticPasswords:
`, address)
			for who, groups := range map[string]string{"alice": "[MinIO users]", "rhea": "[MinIO readers]", "nobody": "[]"} {
				config += fmt.Sprintf("- {email: %[1]s@example.com, username: %[1]s, userID: %[1]s, hash: %[2]q, groups: %[3]s}\n", who, passwordHash, groups)
			}
			w.write("dex.yaml", config)
			w.background("dex", nil, "dex", "serve", "dex.yaml")
			return "http://" + address + "/dex"
		},
		login: enter,
		device: func(who, code string) []chromedp.Action {
			actions := []chromedp.Action{chromedp.SendKeys("#user_code", code+"\r", chromedp.ByQuery)}
			return append(append(actions, enter(who)...), person.Reads("Login Successful"))
		},
	}
}

// zitadel is the example server of zitadel/oidc. Its tokens have no groups, so the mapping names subjects.
func zitadel() provider {
	enter := func(who string) []chromedp.Action {
		return []chromedp.Action{
			chromedp.SendKeys("#username", who, chromedp.ByQuery), chromedp.SendKeys("#password", password, chromedp.ByQuery),
			chromedp.Click("button[type=submit]", chromedp.ByQuery),
		}
	}
	return provider{
		name: "zitadel/oidc",
		start: func(w *world) string {
			if err := images.Build(w.Context(), bin, "zitadel"); err != nil {
				w.Fatal(err)
			}
			users := "{"
			for i, who := range []string{"alice", "rhea", "nobody"} {
				if i > 0 {
					users += ","
				}
				users += fmt.Sprintf(`%[1]q: {"ID": %[1]q, "Username": %[1]q, "Password": %[2]q}`, who, password)
			}
			w.write("users.json", users+"}")
			address := freeAddress(w.T)
			_, port, _ := net.SplitHostPort(address) // freeAddress returns a valid address
			w.background("zitadel", nil, "zitadel", port, "users.json")
			return "http://" + address + "/"
		},
		login: enter,
		device: func(who, code string) []chromedp.Action {
			actions := []chromedp.Action{chromedp.SendKeys("#user_code", code+"\r", chromedp.ByQuery), chromedp.WaitVisible("#username")}
			return append(append(actions, enter(who)...), chromedp.Click("button.green", chromedp.ByQuery), person.Reads("Device authorization allowed"))
		},
	}
}
