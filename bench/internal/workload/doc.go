// Package workload is what the benchmark book measures: the peers, and the workloads with the programs that do them. A file is a family of
// workloads.
package workload
