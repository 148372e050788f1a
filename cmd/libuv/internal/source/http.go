package source

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"time"
)

// maxTarball is more than ten times the size of a release.
const maxTarball = 16 << 20

// How long a server may be silent, and how long a download may take.
var (
	connectTimeout = 10 * time.Second
	silentTimeout  = 30 * time.Second
	wholeTimeout   = 10 * time.Minute
)

// client asks HTTPS_PROXY, HTTP_PROXY and NO_PROXY.
func client() *http.Client {
	return &http.Client{Transport: &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: connectTimeout}).DialContext,
		TLSHandshakeTimeout:   connectTimeout,
		ResponseHeaderTimeout: silentTimeout,
	}}
}

// download returns the verified tarball of an address.
func (r *Request) download(ctx context.Context, address string) (file, sum string, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, wholeTimeout, fmt.Errorf("it takes longer than %v", wholeTimeout))
	defer cancel()
	file = filepath.Join(r.Temp, "download.tar.gz")
	if err := fetch(ctx, address, file); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return "", "", explain(err)
	}
	sum, err = r.verify(file, path.Base(address)+" from "+address)
	return file, sum, err
}

func fetch(ctx context.Context, address, file string) (err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	// A proxy or server that takes the connection and then sends nothing.
	silence := time.AfterFunc(silentTimeout, func() { cancel(fmt.Errorf("the server has sent nothing for %v", silentTimeout)) })
	defer silence.Stop()
	defer func() {
		if cause := context.Cause(ctx); err != nil && cause != nil {
			err = cause
		}
	}()

	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	c := client()
	defer c.CloseIdleConnections()
	resp, err := c.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the server answers %s", resp.Status)
	}
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	n, err := io.Copy(out, &alive{io.LimitReader(resp.Body, maxTarball+1), silence})
	if err := errors.Join(err, out.Close()); errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("the download was cut off after %d of %d bytes", n, resp.ContentLength)
	} else if err != nil {
		return err
	}
	if n > maxTarball {
		return fmt.Errorf("the server sends more than %d bytes, which is no release of libuv", maxTarball)
	}
	return nil
}

// alive restarts a timer with each piece that comes.
type alive struct {
	io.Reader
	silence *time.Timer
}

func (a *alive) Read(p []byte) (int, error) {
	n, err := a.Reader.Read(p)
	if n > 0 {
		a.silence.Reset(silentTimeout)
	}
	return n, err
}

// explain adds the remedy to an error of package net/http, and leaves out the address,
// which the caller's message has.
func explain(err error) error {
	var unknown x509.UnknownAuthorityError
	if errors.As(err, &unknown) {
		return fmt.Errorf("%w: install the package ca-certificates", unknown)
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}
