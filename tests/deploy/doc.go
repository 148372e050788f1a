// Package deploy checks the files of deploy/ with the programs and types that read them: systemd's, those of the Compose
// specification, and those of Kubernetes.
package deploy
