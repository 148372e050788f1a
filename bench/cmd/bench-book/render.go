package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/uvgo/uvgo/bench/internal/book"
	"github.com/uvgo/uvgo/bench/internal/page"
)

// render makes the page and the charts of a file of results, and removes charts that it no longer has.
func render(b *book.Book, results, docs string) error {
	r, err := book.Load(results)
	if err != nil {
		return err
	}
	files, err := page.Render(b, r)
	if err != nil {
		return err
	}
	old, err := charts(docs)
	if err != nil {
		return err
	}
	for _, path := range old {
		if _, ok := files[path]; !ok {
			if err := os.Remove(filepath.Join(docs, path)); err != nil {
				return err
			}
		}
	}
	for path, text := range files {
		if err := os.WriteFile(filepath.Join(docs, path), text, 0o644); err != nil {
			return err
		}
	}
	fmt.Printf("\n%s and %d charts are made of %s\n", filepath.Join(docs, page.Name), len(files)-1, results)
	return nil
}

// charts lists the page's charts that are in docs, by their paths below it.
func charts(docs string) (paths []string, err error) {
	list, err := filepath.Glob(filepath.Join(docs, page.Prefix+"*.svg"))
	for _, path := range list {
		rel, err := filepath.Rel(docs, path)
		if err != nil {
			return nil, err
		}
		paths = append(paths, filepath.ToSlash(rel))
	}
	slices.Sort(paths)
	return paths, err
}
