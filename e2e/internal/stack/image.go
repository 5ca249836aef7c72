package stack

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"
)

// Image holds the configuration and the files of claimgate's image.
type Image struct {
	User        string
	Healthcheck []string
	Labels      map[string]string
	// Files are the regular files of all layers, sorted.
	Files []string

	name string
}

// Inspect builds the image and reads it.
func Inspect(tb testing.TB) Image {
	tb.Helper()
	name, err := claimgateImage()
	if err != nil {
		tb.Fatalf("claimgate image: %v", err)
	}
	engine, err := testcontainers.NewDockerClientWithOpts(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	defer engine.Close()
	found, err := engine.ImageInspect(tb.Context(), name)
	if err != nil {
		tb.Fatal(err)
	}
	image := Image{name: name, User: found.Config.User, Labels: found.Config.Labels}
	if found.Config.Healthcheck != nil {
		image.Healthcheck = found.Config.Healthcheck.Test
	}
	if image.Files, err = files(tb.Context(), engine, name); err != nil {
		tb.Fatal(err)
	}
	return image
}

// files lists the files of an image. A saved image is a tar whose manifest names the
// tars of the layers.
func files(ctx context.Context, engine client.APIClient, name string) ([]string, error) {
	saved, err := engine.ImageSave(ctx, []string{name})
	if err != nil {
		return nil, err
	}
	defer saved.Close()
	parts := make(map[string][]byte)
	err = eachFile(saved, func(name string, content io.Reader) (err error) {
		parts[name], err = io.ReadAll(content)
		return err
	})
	if err != nil {
		return nil, err
	}
	var manifest []struct{ Layers []string }
	if err := json.Unmarshal(parts["manifest.json"], &manifest); err != nil {
		return nil, fmt.Errorf("manifest of %s: %w", name, err)
	}
	var names []string
	for _, image := range manifest {
		for _, layer := range image.Layers {
			err := eachFile(bytes.NewReader(parts[layer]), func(name string, _ io.Reader) error {
				names = append(names, name)
				return nil
			})
			if err != nil {
				return nil, fmt.Errorf("layer %s: %w", layer, err)
			}
		}
	}
	slices.Sort(names)
	return names, nil
}

func eachFile(archive io.Reader, visit func(name string, content io.Reader) error) error {
	r := tar.NewReader(archive)
	for {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if header.Typeflag != tar.TypeReg {
			continue
		}
		if err := visit(header.Name, r); err != nil {
			return err
		}
	}
}

// Output runs a command of the image to its end and returns what it printed.
func (i Image) Output(tb testing.TB, args ...string) string {
	tb.Helper()
	c, err := testcontainers.Run(
		tb.Context(), i.name,
		testcontainers.WithCmd(args...),
		testcontainers.WithLabels(map[string]string{label: tb.Name()}),
		readyBy(wait.ForExit()),
		harden(),
	)
	testcontainers.CleanupContainer(tb, c)
	if err != nil {
		tb.Fatalf("%s: %v", strings.Join(args, " "), err)
	}
	log, err := c.Logs(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	defer log.Close()
	out, err := io.ReadAll(log)
	if err != nil {
		tb.Fatal(err)
	}
	return string(out)
}
