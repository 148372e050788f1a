package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// A usageError is an error of the command line.
type usageError struct{ msg string }

func (e usageError) Error() string { return e.msg }

func usagef(format string, args ...any) error { return usageError{fmt.Sprintf(format, args...)} }

// newFlags makes a command's flags.
func newFlags(name string) *flag.FlagSet {
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.SetOutput(io.Discard) // run prints errors itself
	fs.Usage = func() {}
	return fs
}

// A span is a flag's duration.
type span time.Duration

func (s *span) String() string { return time.Duration(*s).String() }

// Set parses a duration. Its errors say how to write one, because a number without a
// unit is a common mistake.
func (s *span) Set(text string) error {
	d, err := time.ParseDuration(text)
	if err == nil {
		*s = span(d)
		return nil
	}
	if _, ferr := strconv.ParseFloat(text, 64); ferr == nil {
		return errors.New("write " + text + "s")
	}
	return errors.New("write a time, such as 10s or 1m30s")
}

// spanVar defines a flag for a duration.
func spanVar(fs *flag.FlagSet, p *time.Duration, name string, value time.Duration, usage string) {
	*p = value
	fs.Var((*span)(p), name, usage)
}

// printFlags lists flags with two dashes, as the documentation does, and with one before a single letter. On a narrow
// terminal a flag's description is below the flag.
func printFlags(fs *flag.FlagSet) {
	between := "\t"
	if cols, err := width(os.Stdout); err == nil && cols < 80 {
		between = "\n      "
	}
	tw := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	head := "\nflags:\n"
	fs.VisitAll(func(f *flag.Flag) {
		fmt.Fprint(tw, head)
		head = ""
		value, usage := flag.UnquoteUsage(f)
		dashes := "--"
		if len(f.Name) == 1 {
			dashes = "-"
		}
		if f.DefValue != "" && f.DefValue != "false" && !strings.Contains(usage, "(default ") {
			usage += " (default " + f.DefValue + ")"
		}
		fmt.Fprintf(tw, "  %s%s %s%s%s\n", dashes, f.Name, value, between, usage)
	})
	_ = tw.Flush() // an error of the standard output cannot be reported
}

// oneDash matches the flag's name in an error of package flag, after a value that the
// error may quote.
var oneDash = regexp.MustCompile(
	`^(invalid (?:boolean )?value "(?:[^"\\]|\\.)*" for (?:flag )?|flag provided but not defined: |flag needs an argument: )-`)

// twoDashes returns the text of an error of package flag with two dashes before the
// flag, as in the help.
func twoDashes(err error) string { return oneDash.ReplaceAllString(err.Error(), "$1--") }

// parse parses flags, before and after other arguments, and returns the other
// arguments. If args ask for help, it prints a usage line, the description and the
// flags.
func parse(fs *flag.FlagSet, help string, args []string) ([]string, error) {
	var others []string
	for {
		switch err := fs.Parse(args); {
		case errors.Is(err, flag.ErrHelp):
			fmt.Printf("usage: uvgo %s %s\n", fs.Name(), help)
			printFlags(fs)
			return nil, err
		case err != nil:
			return nil, usagef("%s: uvgo %s -h lists the flags", twoDashes(err), fs.Name())
		}
		if args = fs.Args(); len(args) == 0 {
			return others, nil
		}
		others = append(others, args[0])
		args = args[1:]
	}
}

// oneAddress parses the flags of a command whose only argument is an address, and
// returns the argument.
func oneAddress(fs *flag.FlagSet, help string, args []string) (string, error) {
	others, err := parse(fs, help, args)
	if err != nil {
		return "", err
	}
	if len(others) != 1 {
		return "", usagef("%s takes one address, such as tcp://127.0.0.1:8888, not %d", fs.Name(), len(others))
	}
	return others[0], nil
}
