package lint

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

// docName matches a name of a package in a page: uvnet.Dial, server.Conn.Write, (*handles.TCP).Bind.
var docName = regexp.MustCompile(`(?:^|[^\w./-])\(?\*?([a-z]\w*)\.([A-Z]\w*)\)?(?:\.([A-Z]\w*))?`)

// apiMember matches what a line of api/*.txt declares: a name, or a member of a type.
var apiMember = regexp.MustCompile(`^pkg \w+, (?:(?:const|func|var|type) (\w+)(?: (?:struct|interface), (\w+))?|method \(\*?(\w+)\) (\w+))`)

// exported returns the names that api/*.txt declare, as pkg.Name and pkg.Type.Member, and the packages.
func (r *repo) exported() (names, pkgs map[string]bool, err error) {
	names, pkgs = make(map[string]bool), make(map[string]bool)
	files, err := fs.Glob(r.fsys, "api/*.txt")
	if err != nil {
		return nil, nil, err
	}
	for _, file := range files {
		text, err := fs.ReadFile(r.fsys, file)
		if err != nil {
			return nil, nil, err
		}
		pkg := strings.TrimSuffix(path.Base(file), ".txt")
		pkgs[pkg] = true
		for line := range strings.Lines(string(text)) {
			m := apiMember.FindStringSubmatch(line)
			switch {
			case m == nil:
			case m[3] != "":
				names[pkg+"."+m[3]+"."+m[4]] = true
			default:
				names[pkg+"."+m[1]] = true
				names[pkg+"."+m[1]+"."+m[2]] = true
			}
		}
	}
	return names, pkgs, nil
}

// unknownNames finds names in pages, such as uvnet.Dial, that the package does not export.
func unknownNames(r *repo) []string {
	names, pkgs, err := r.exported()
	if err != nil {
		return []string{err.Error()}
	}
	var found []string
	for _, f := range r.files {
		if path.Ext(f.path) != ".md" || f.path == "CHANGELOG.md" { // which speaks of names that are gone, too
			continue
		}
		line := 0
		for text := range strings.Lines(f.text) {
			line++
			for _, m := range docName.FindAllStringSubmatch(text, -1) {
				name := m[1] + "." + m[2]
				if m[3] != "" && names[name] {
					name += "." + m[3]
				}
				if pkgs[m[1]] && !names[name] {
					found = append(found, fmt.Sprintf("%s:%d: there is no %s", f.path, line, name))
				}
			}
		}
	}
	return found
}
