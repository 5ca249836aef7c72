package check

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestSystemdReadmeInstalls runs the README's commands in a directory of the test, without
// users and without systemd, and checks the installed files.
func TestSystemdReadmeInstalls(t *testing.T) {
	work, host := hostConfig(t, read(t, units, "config.toml")), t.TempDir()
	for _, dir := range []string{"usr/local/bin", "etc/systemd/system", "etc/sysusers.d", "etc/logrotate.d"} {
		if err := os.MkdirAll(filepath.Join(host, dir), 0o750); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"claimgate.service", "sysusers.conf", "logrotate"} {
		write(t, filepath.Join(work, file), read(t, units, file))
	}
	if err := os.Symlink(claimgate, filepath.Join(work, "claimgate")); err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(read(t, units, "README.md"), "```sh\n")
	text, _, _ = strings.Cut(text, "```")
	ran := 0
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "system") {
			continue
		}
		ran++
		line = strings.NewReplacer(" /usr/", " "+host+"/usr/", " /etc/", " "+host+"/etc/", " -g claimgate", "").Replace(line)
		cmd := exec.Command("sh", "-ec", line)
		cmd.Dir, cmd.Env = work, append(os.Environ(), "PATH="+host+"/usr/local/bin:"+os.Getenv("PATH"))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s%v\n%s", line, err, out)
		}
	}
	if ran < 7 {
		t.Errorf("only %d commands were found", ran)
	}
	unit, err := os.ReadFile(filepath.Join(host, "etc/systemd/system/claimgate.service"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/usr/local/bin/claimgate", "/etc/claimgate/config.toml"} {
		if _, err := os.Stat(host + path); err != nil || !strings.Contains(string(unit), path) {
			t.Errorf("the unit's %s was not installed: %v", path, err)
		}
	}
}

func TestLinksOfTheReadmes(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)\)`)
	checked := 0
	err := filepath.WalkDir(filepath.Join(root, "deploy"), func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".md" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			checked++
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), m[1])); err != nil {
				t.Errorf("%s links to %s, which does not exist", path, m[1])
			}
		}
		return nil
	})
	if err != nil || checked < 15 {
		t.Errorf("%d links checked: %v", checked, err)
	}
}
