package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"text/tabwriter"
	"time"
)

// A usageError is a command line that makes no sense.
type usageError struct{ msg string }

func (e usageError) Error() string { return e.msg }

func usagef(format string, args ...any) error { return usageError{fmt.Sprintf(format, args...)} }

// newFlags makes a command's flags.
func newFlags(name string) *flag.FlagSet {
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.SetOutput(io.Discard) // what is wrong is said in our way
	fs.Usage = func() {}
	return fs
}

// A span is a flag's time.
type span time.Duration

func (s *span) String() string { return time.Duration(*s).String() }

// Set says how to write a time; a number alone lacks its unit.
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

// spanVar makes a flag of a time.
func spanVar(fs *flag.FlagSet, p *time.Duration, name string, value time.Duration, usage string) {
	*p = value
	fs.Var((*span)(p), name, usage)
}

// printFlags lists flags with the two dashes that the documentation writes. On a
// narrow terminal what a flag does stands below it.
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
		if f.DefValue != "" && f.DefValue != "false" {
			usage += " (default " + f.DefValue + ")"
		}
		fmt.Fprintf(tw, "  --%s %s%s%s\n", f.Name, value, between, usage)
	})
	_ = tw.Flush() // there is nobody to tell
}

// oneDash finds the flag's name in package flag's errors, behind any value that they quote.
var oneDash = regexp.MustCompile(
	`^(invalid (?:boolean )?value "(?:[^"\\]|\\.)*" for (?:flag )?|flag provided but not defined: |flag needs an argument: )-`)

// twoDashes is an error of package flag with two dashes before the flag, as in the help.
func twoDashes(err error) string { return oneDash.ReplaceAllString(err.Error(), "$1--") }

// parse reads flags, which may stand before and behind other arguments, and
// returns those. It prints help, a usage line and what the command does, with
// the flags if they ask for it.
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

// oneAddress is the address that is a command's only argument.
func oneAddress(fs *flag.FlagSet, help string, args []string) (address, error) {
	others, err := parse(fs, help, args)
	if err != nil {
		return address{}, err
	}
	if len(others) != 1 {
		return address{}, usagef("%s takes one address, such as tcp://127.0.0.1:8888, not %d", fs.Name(), len(others))
	}
	return parseAddress(others[0])
}
