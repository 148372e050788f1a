// Package book is the benchmark book's machinery: what a workload, a peer and a sample are, how all of them are measured in rounds,
// and what the results look like as JSON, tables, charts and verdicts on targets. What is measured is in package workload.
//
// A [Book] lists [Peer]s and [Workload]s. A cell is one workload on one peer. In each round each cell gives one [Sample]: figures by
// name, of which any may be missing.
package book
