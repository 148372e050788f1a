package cache

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestStampIsOfAllLibraries: whichever of them changes, go has to compile anew.
func TestStampIsOfAllLibraries(t *testing.T) {
	var table Table
	seen := map[string]string{table.Stamp(): "empty"}
	for _, e := range []Entry{
		{GOARCH: "amd64", CC: "gcc", Stamp: "1"}, {GOARCH: "arm64", CC: "gcc", Stamp: "1"}, {GOARCH: "amd64", CC: "gcc", Stamp: "2"},
	} {
		table.Set(e)
		if before := seen[table.Stamp()]; before != "" {
			t.Errorf("the stamp is that of %s", before)
		}
		seen[table.Stamp()] = e.GOARCH + e.Stamp
	}
	if len(table.Entries) != 2 {
		t.Errorf("the table has %v", table.Entries)
	}
	before := table.Stamp()
	table.Set(Entry{GOARCH: "amd64", CC: "gcc", Stamp: "2"})
	if table.Stamp() != before {
		t.Error("the same library has another stamp")
	}
}

func TestLoadRefusesABrokenTable(t *testing.T) {
	d := Dir(t.TempDir())
	if _, err := d.Load(); err != nil {
		t.Errorf("no table: %v", err)
	}
	if err := d.WriteFile("targets.json", []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Load(); err == nil || !strings.Contains(err.Error(), "remove it") {
		t.Errorf("a broken table: %v", err)
	}
}

// TestReplace: the old directory is gone, and nothing else is there.
func TestReplace(t *testing.T) {
	d := Dir(t.TempDir())
	for _, text := range []string{"old", "new"} {
		temp, err := d.Temp()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(temp, text), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := Replace(temp, d.Path("dir")); err != nil {
			t.Fatal(err)
		}
	}
	found, err := filepath.Glob(d.Path("*/*"))
	if err != nil || len(found) != 1 || found[0] != d.Path("dir", "new") {
		t.Errorf("%v %v", found, err)
	}
	if all, _ := os.ReadDir(string(d)); len(all) != 1 {
		t.Errorf("left behind: %v", all)
	}
}
