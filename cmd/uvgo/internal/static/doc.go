// Package static serves the files below a directory over HTTP: [Files] is the handler of "uvgo http".
//
// It serves regular files and nothing else. No path and no symbolic link leads out of the directory
// ([os.Root]), and devices, named pipes and sockets are not opened.
//
// Its methods may be called from any goroutine.
package static
