package uv

import (
	"io/fs"

	"github.com/uvgo/uvgo/cuv"
)

// A Dirent is an entry of a directory. C type uv_dirent_t.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_dirent_t
type Dirent struct {
	Name string
	Type DirentType
}

// A DirentType tells what an entry is, after uv_dirent_type_t.
type DirentType uint8

// The types of entries.
const (
	DirentUnknown DirentType = cuv.DirentUnknown // the file system does not say: ask stat
	DirentFile    DirentType = cuv.DirentFile
	DirentDir     DirentType = cuv.DirentDir
	DirentLink    DirentType = cuv.DirentLink
	DirentFIFO    DirentType = cuv.DirentFIFO
	DirentSocket  DirentType = cuv.DirentSocket
	DirentChar    DirentType = cuv.DirentChar
	DirentBlock   DirentType = cuv.DirentBlock
)

var direntModes = [...]fs.FileMode{
	DirentUnknown: fs.ModeIrregular,
	DirentFile:    0,
	DirentDir:     fs.ModeDir,
	DirentLink:    fs.ModeSymlink,
	DirentFIFO:    fs.ModeNamedPipe,
	DirentSocket:  fs.ModeSocket,
	DirentChar:    fs.ModeDevice | fs.ModeCharDevice,
	DirentBlock:   fs.ModeDevice,
}

// Mode returns Go's type bits, fs.ModeIrregular for DirentUnknown.
func (t DirentType) Mode() fs.FileMode {
	if int(t) < len(direntModes) {
		return direntModes[t]
	}
	return fs.ModeIrregular
}
