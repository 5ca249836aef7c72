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

// stale is how old a container must be before it is taken for one that a
// killed run left behind, and not for one of a run that goes on beside.
const stale = time.Hour

// Main runs the tests of a package that uses stacks.
func Main(m *testing.M) int {
	for name, value := range map[string]string{
		// The reaper is an image that may not be had; Sweep does its work.
		"TESTCONTAINERS_RYUK_DISABLED": "true",
		// What testcontainers works out is the bridge's address, which is not
		// reachable everywhere; published ports are on the loopback too.
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
	// What each container does when is noise beside the tests' own words.
	log.SetDefault(log.NewNoopLogger())
	if err := sweep(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "remove what earlier runs left:", err)
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
	// Of the image's build stage the classic builder keeps a copy a build.
	old := make(client.Filters).Add("label", "org.claimgate.stage=build").Add("dangling", "true").Add("until", stale.String())
	_, err = engine.ImagePrune(ctx, client.ImagePruneOptions{Filters: old})
	return err
}
