package main

import "github.com/uvgo/uvgo/bench/internal/book"

// render makes the page and the charts of a file of results.
func render(b *book.Book, results, docs string) error {
	_, err := book.Load(results)
	return err
}
