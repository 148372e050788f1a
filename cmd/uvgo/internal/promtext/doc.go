// Package promtext reads the text format of Prometheus, as package metrics writes it: the metrics of another process.
//
// Its functions may be called from any goroutine.
package promtext

import _ "github.com/uvgo/uvgo/uv" // so that where uvgo cannot be built, its message is the only one
