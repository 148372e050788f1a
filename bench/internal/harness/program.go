package harness

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"syscall"
)

// Main runs a benchmark program until it is done or interrupted. run returns how many targets
// were missed, which is a failure if check is set. After a failure the process ends with status 1.
func Main(name string, check bool, run func(ctx context.Context) (missed int, err error)) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	missed, err := run(ctx)
	switch {
	case ctx.Err() != nil:
		err = errors.New("interrupted")
	case err == nil && check && missed > 0:
		err = fmt.Errorf("%d targets missed", missed)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
}

// Select returns the members of list whose names match the flag -only. Without any, or without
// rounds, there is nothing to do, which is an error.
func Select[T any](list []T, name func(T) string, only string, rounds int) ([]T, error) {
	match, err := regexp.Compile(only)
	if err != nil {
		return nil, fmt.Errorf("-only: %w", err)
	}
	list = slices.DeleteFunc(slices.Clone(list), func(v T) bool { return !match.MatchString(name(v)) })
	if len(list) == 0 || rounds < 1 {
		return nil, errors.New("nothing to do: see -only and -rounds")
	}
	return list, nil
}

// Save writes v as JSON to a file. An empty path means none.
func Save(path string, v any) error {
	if path == "" {
		return nil
	}
	text, err := json.MarshalIndent(v, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}

// Known returns NaN for a figure that was not measured, which is 0.
func Known(v float64) float64 {
	if v == 0 {
		return math.NaN()
	}
	return v
}

// Ratio is the median of the rounds' ratios of a to b, which cancels what changed from round to
// round. NaN without rounds.
func Ratio(a, b []float64) float64 {
	var v []float64
	for i := range min(len(a), len(b)) {
		v = append(v, a[i]/b[i])
	}
	return Median(v)
}
