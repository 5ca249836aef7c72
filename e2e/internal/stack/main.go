package stack

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/log"
)

// label marks containers and networks of these tests.
const label = "org.claimgate.e2e"

// stale is the age from which a container counts as left behind by a killed run. A
// younger container may belong to a run that is still going on.
const stale = time.Hour

// Main runs the tests of a package that uses stacks.
func Main(m *testing.M) int {
	for name, value := range map[string]string{
		// The reaper's image may not be available; sweep does its work.
		"TESTCONTAINERS_RYUK_DISABLED": "true",
		// testcontainers would use the bridge's address, which is not reachable
		// everywhere. Published ports are on the loopback, too.
		"TESTCONTAINERS_HOST_OVERRIDE": "127.0.0.1",
	} {
		if _, set := os.LookupEnv(name); set {
			continue
		}
		if err := os.Setenv(name, value); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	// The containers' events would hide the tests' own messages.
	log.SetDefault(log.NewNoopLogger())
	if err := sweep(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "remove containers of earlier runs:", err)
		return 1
	}
	code := m.Run()
	if line := announcement(); line != "" {
		fmt.Println(line)
	}
	if err := removeShared(); err != nil {
		fmt.Fprintln(os.Stderr, "remove the shared stack:", err)
		return max(code, 1)
	}
	return code
}

func sweep(ctx context.Context) error {
	engine, err := testcontainers.NewDockerClientWithOpts(ctx)
	if err != nil {
		return err
	}
	defer engine.Close()
	marked := make(client.Filters).Add("label", label)
	containers, err := engine.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: marked})
	if err != nil {
		return err
	}
	for _, c := range containers.Items {
		if time.Since(time.Unix(c.Created, 0)) < stale {
			continue
		}
		if _, err := engine.ContainerRemove(ctx, c.ID, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true}); err != nil {
			return err
		}
	}
	networks, err := engine.NetworkList(ctx, client.NetworkListOptions{Filters: marked})
	if err != nil {
		return err
	}
	for _, n := range networks.Items {
		if time.Since(n.Created) < stale {
			continue
		}
		if _, err := engine.NetworkRemove(ctx, n.ID, client.NetworkRemoveOptions{}); err != nil {
			return err
		}
	}
	// The classic builder keeps a copy of the build stage for each build.
	old := make(client.Filters).Add("label", "org.claimgate.stage=build").Add("dangling", "true").Add("until", stale.String())
	_, err = engine.ImagePrune(ctx, client.ImagePruneOptions{Filters: old})
	return err
}
