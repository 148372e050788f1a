// Package release tests what releases are made with: the check of libuv's vulnerabilities, the
// SBOM, the configuration of goreleaser and the workflows.
package release
