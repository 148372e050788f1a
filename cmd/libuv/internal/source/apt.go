package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// suites are the plain names of Debian's suites. Security, updates, backports and other
// people's archives may live elsewhere, and do not carry every suite.
var suites = regexp.MustCompile(`^(buster|bullseye|bookworm|trixie|forky|duke|sid|(old)*stable|testing|unstable)$`)

// Mirrors returns the Debian mirrors that the machine's apt sources name. Without any it
// returns none. apt parses both formats of its sources itself.
func Mirrors() ([]string, error) {
	if _, err := exec.LookPath("apt-get"); err != nil {
		return nil, nil
	}
	out, err := exec.Command("apt-get", "indextargets", "--no-release-info", "--format", "$(RELEASE)|$(COMPONENT)|$(REPO_URI)").Output()
	if err != nil {
		return nil, fmt.Errorf("apt-get cannot read its sources: %w%s", err, stderrOf(err))
	}
	var mirrors []string
	for line := range strings.Lines(string(out)) {
		f := strings.SplitN(strings.TrimSpace(line), "|", 3)
		if len(f) == 3 && suites.MatchString(f[0]) && f[1] == "main" && !slices.Contains(mirrors, f[2]) {
			mirrors = append(mirrors, f[2])
		}
	}
	return mirrors, nil
}

func stderrOf(err error) string {
	if e, ok := errors.AsType[*exec.ExitError](err); ok && len(e.Stderr) > 0 {
		return ": " + strings.TrimSpace(string(e.Stderr))
	}
	return ""
}

// aptConf makes an apt-get private: it has lists, a cache and sources of its own below
// %[1]s, and none of the machine's hooks. It keeps the machine's proxies.
const aptConf = `Dir::Etc::sourcelist "%[1]s/private.sources";
Dir::Etc::sourceparts "/dev/null";
Dir::State::lists "%[1]s/lists";
Dir::State::status "%[1]s/status";
Dir::Cache "%[1]s/cache";
Acquire::Languages "none";
Acquire::Retries "1";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
APT::Update::Error-Mode "any";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
`

// apt downloads the source package with the machine's own apt client, through a private
// source list: it reads /etc/apt, writes nothing there, and does not need root.
func (r *Request) apt(ctx context.Context, mirror string) (file, sum string, err error) {
	ctx, cancel := context.WithTimeout(ctx, wholeTimeout)
	defer cancel()
	// Not below Temp: root's apt downloads as a user of its own, who must be able to reach it.
	dir, err := os.MkdirTemp("", "uvgo-libuv-")
	if err != nil {
		return "", "", err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := r.preparePrivate(dir, mirror); err != nil {
		return "", "", err
	}
	dl := filepath.Join(dir, "dl")
	if err := aptGet(ctx, dir, dl, "update"); err != nil {
		return "", "", r.aptError(err)
	}
	if err := aptGet(ctx, dir, dl, "source", "--only-source", "--download-only", "--tar-only", r.Pin.Package); err != nil {
		return "", "", r.aptError(err)
	}
	name := r.Pin.Tarballs[0].Name
	got, err := os.ReadDir(dl)
	if err != nil {
		return "", "", err
	}
	if !slices.ContainsFunc(got, func(e os.DirEntry) bool { return e.Name() == name }) {
		return "", "", fmt.Errorf("%s of Debian %s now has %v instead of %s", r.Pin.Package, r.Pin.Suite, got, name)
	}
	if sum, err = r.verify(filepath.Join(dl, name), "the "+name+" that apt downloaded"); err != nil {
		return "", "", err
	}
	text, err := os.ReadFile(filepath.Join(dl, name))
	if err != nil {
		return "", "", err
	}
	file = filepath.Join(r.Temp, name)
	return file, sum, os.WriteFile(file, text, 0o644)
}

// preparePrivate writes what aptConf names.
func (r *Request) preparePrivate(dir, mirror string) error {
	var errs []error
	for _, d := range []string{"lists/partial", "cache/archives/partial", "dl"} {
		errs = append(errs, os.MkdirAll(filepath.Join(dir, d), 0o755))
	}
	errs = append(errs, os.Chmod(dir, 0o755)) // of MkdirTemp's 0700
	sources := fmt.Sprintf("Types: deb-src\nURIs: %s\nSuites: %s\nComponents: main\n", mirror, r.Pin.Suite)
	for _, ext := range []string{"pgp", "gpg"} {
		if ring := "/usr/share/keyrings/debian-archive-keyring." + ext; readable(ring) {
			sources += "Signed-By: " + ring + "\n"
			break
		}
	}
	for name, text := range map[string]string{"private.sources": sources, "status": "", "apt.conf": fmt.Sprintf(aptConf, dir)} {
		errs = append(errs, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	if u, err := user.Lookup("_apt"); err == nil && os.Getuid() == 0 {
		if uid, err := strconv.Atoi(u.Uid); err == nil {
			errs = append(errs, os.Chown(filepath.Join(dir, "dl"), uid, -1))
		}
	}
	return errors.Join(errs...)
}

func readable(file string) bool {
	f, err := os.Open(file)
	if err == nil {
		f.Close()
	}
	return err == nil
}

// aptGet runs apt-get in a directory. Its error is what apt said.
func aptGet(ctx context.Context, conf, dir string, args ...string) error {
	cmd := exec.CommandContext(ctx, "apt-get", append([]string{"-q", "-c", filepath.Join(conf, "apt.conf")}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	// It ends its downloaders then, and removes its locks.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	out, err := cmd.CombinedOutput()
	if err == nil {
		return nil
	}
	if bytes.Contains(out, []byte("NO_PUBKEY")) {
		return errNoKey
	}
	for _, prefix := range []string{"E: ", "W: "} {
		for line := range strings.Lines(string(out)) {
			if text, ok := strings.CutPrefix(line, prefix); ok {
				return errors.New(strings.Join(strings.Fields(text), " "))
			}
		}
	}
	return err
}

// errNoKey is apt's NO_PUBKEY: the machine is older than the suite.
var errNoKey = errors.New("no key of the suite")

func (r *Request) aptError(err error) error {
	if errors.Is(err, errNoKey) {
		return fmt.Errorf("this machine's Debian keyring does not know %s: apt-get install --only-upgrade debian-archive-keyring", r.Pin.Suite)
	}
	return err
}
