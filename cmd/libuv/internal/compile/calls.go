package compile

import (
	"debug/elf"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// checkCalls makes sure that libuv's object files refer to none of the functions that
// callouts.h renames: a call that the macros miss would pass cuv by, unnoticed.
func (l *Library) checkCalls(objects []string) error {
	callouts := l.callouts()
	if len(callouts) == 0 || l.Target.GOOS == "darwin" {
		return nil
	}
	for _, object := range objects {
		if strings.HasPrefix(filepath.Base(object), "callout_") {
			continue
		}
		names, err := undefined(object)
		if err != nil {
			return fmt.Errorf("cannot read what the C compiler made (%w): does %q compile for %s, without -flto?", err, l.CC, l.Target)
		}
		for _, name := range names {
			// With _FORTIFY_SOURCE the C library has a second name.
			plain := strings.TrimSuffix(strings.TrimPrefix(name, "__"), "_chk")
			if slices.Contains(callouts, plain) {
				return fmt.Errorf("%s still calls %s: %q does not do what callouts.h says", filepath.Base(object), name, l.CC)
			}
		}
	}
	return nil
}

// undefined returns the names that an object file expects of others.
func undefined(object string) ([]string, error) {
	f, err := elf.Open(object)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	symbols, err := f.Symbols()
	if err != nil && !errors.Is(err, elf.ErrNoSymbols) {
		return nil, err
	}
	var names []string
	for _, s := range symbols {
		if s.Section == elf.SHN_UNDEF && s.Name != "" {
			names = append(names, s.Name)
		}
	}
	return names, nil
}
