package interop

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// The locations of nginx, in front of a plain server and one of HTTPS. It speaks HTTP/1.0 unless told.
const nginxConf = `
daemon off;
master_process off;
pid %[1]s/pid;
error_log stderr notice;
events {}
http {
  access_log off;
  client_body_temp_path %[1]s/body;
  proxy_temp_path %[1]s/proxy;
  fastcgi_temp_path %[1]s/fastcgi;
  uwsgi_temp_path %[1]s/uwsgi;
  scgi_temp_path %[1]s/scgi;
  client_max_body_size 0;
  proxy_read_timeout 60s;
  proxy_ssl_trusted_certificate %[5]s;
  proxy_ssl_verify on;
  proxy_ssl_name localhost;
  proxy_ssl_server_name on;
  upstream plain { server %[3]s; keepalive 16; }
  upstream secure { server %[4]s; keepalive 16; }
  server {
    listen 127.0.0.1:%[2]d;
    location /ten/ { proxy_pass http://plain/; }
    location /kept/ { proxy_http_version 1.1; proxy_set_header Connection ""; proxy_pass http://plain/; }
    location /tls/ { proxy_http_version 1.1; proxy_set_header Connection ""; proxy_pass https://secure/; }
    location /unbuffered/ {
      proxy_http_version 1.1; proxy_set_header Connection ""; proxy_pass http://plain/;
      proxy_buffering off; proxy_request_buffering off;
    }
    location /socket/ {
      proxy_http_version 1.1; proxy_set_header Connection "upgrade"; proxy_set_header Upgrade $http_upgrade; proxy_pass http://plain/;
    }
    location /tlssocket/ {
      proxy_http_version 1.1; proxy_set_header Connection "upgrade"; proxy_set_header Upgrade $http_upgrade; proxy_pass https://secure/;
    }
  }
}
`

// startNginx starts nginx in front of two servers, and returns where it is.
func startNginx(t *testing.T, plain, secure *webServer) (url string) {
	t.Helper()
	dir, port := shortDir(t, nil), freePort(t)
	conf := filepath.Join(dir, "conf")
	text := fmt.Sprintf(nginxConf, dir, port, plain.addr(), secure.addr(), secure.ca)
	uvtest.Check(t, os.WriteFile(conf, []byte(text), 0o600))
	cmd := exec.Command(installed(t, "nginx"), "-e", "stderr", "-p", dir, "-c", conf)
	d, err := startDaemon(cmd, "getrlimit(RLIMIT_NOFILE)") // it listens already
	uvtest.Check(t, err)
	t.Cleanup(func() { uvtest.Check(t, d.stop(syscall.SIGTERM)) })
	return fmt.Sprint("http://127.0.0.1:", port)
}

// behindNginx opens two servers with nginx in front. The site's client asks nginx.
func behindNginx(t *testing.T, h http.Handler) (front *site, plain, secure *webServer) {
	t.Helper()
	plain, secure = openUvhttp(t, false, h), openUvhttp(t, true, h)
	front = &site{Server: &httptest.Server{URL: startNginx(t, plain, secure)}, client: plain.client}
	return front, plain, secure
}

// TestNginxBeforeUvhttp: nginx asks over kept connections and others, and passes on bodies of each kind.
func TestNginxBeforeUvhttp(t *testing.T) {
	dir, data := contentFile(t, 5<<20)
	mux, left := clientsMux(t, dir)
	front, plain, secure := behindNginx(t, mux)
	for _, at := range []struct {
		path, proto string
		s           *webServer
		keeps       bool
	}{
		{"/ten", "HTTP/1.0", plain, false}, {"/kept", "HTTP/1.1", plain, true},
		{"/unbuffered", "HTTP/1.1", plain, true}, {"/tls", "HTTP/1.1", secure, true},
	} {
		t.Run(at.path[1:], func(t *testing.T) {
			before := at.s.conns.Load()
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() {
					for range 50 {
						if got := ask(t, front, "GET", at.path+"/hello/", nil); got != "hello over "+at.proto+"\n" {
							t.Errorf("%q", got)
							return
						}
					}
				})
			}
			all.Wait()
			// nginx keeps 16 at most, so 8 requests at a time need no more.
			if n := at.s.conns.Load() - before; at.keeps && n > 8 || !at.keeps && n != 400 {
				t.Errorf("400 requests took %d connections", n)
			}
			same(t, "file", []byte(ask(t, front, "GET", at.path+"/file", nil)), data)
			same(t, "with a length", []byte(ask(t, front, "POST", at.path+"/echo", strings.NewReader(string(data)))), data)
			same(t, "chunked", []byte(ask(t, front, "POST", at.path+"/echo", reader(strings.NewReader(string(data)).Read))), data)
			if lines := ask(t, front, "GET", at.path+"/lines", nil); strings.Count(lines, "line ") != 100 || !strings.HasSuffix(lines, "line 99\n") {
				t.Errorf("flushed lines: %q", lines)
			}
		})
	}

	// What has been flushed comes at once where nginx does not buffer, and nginx passes on that a client has left.
	resp, err := front.client.Do(front.request(t, "GET", "/unbuffered/held", nil))
	uvtest.Check(t, err)
	if line, err := bufio.NewReader(resp.Body).ReadString('\n'); line != "begun\n" || err != nil {
		t.Errorf("%q, %v", line, err)
	}
	resp.Body.Close()
	await(t, "the end of the request", left)
}

// ask returns the answer's body. It may be called in any goroutine.
func ask(t testing.TB, s *site, method, path string, body io.Reader) string {
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, body)
	if err != nil {
		t.Error(err)
		return ""
	}
	resp, err := s.client.Do(req)
	if err != nil {
		t.Error(err)
		return ""
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("%s %s: %s, %v", method, path, resp.Status, err)
	}
	return string(got)
}

// TestNginxBeforeWebSocket: a WebSocket goes through nginx as it goes without.
func TestNginxBeforeWebSocket(t *testing.T) {
	front, _, _ := behindNginx(t, sockets(t))
	for _, path := range []string{"/socket/", "/tlssocket/"} {
		t.Run(path[1:len(path)-1], func(t *testing.T) {
			testWebSocket(t, &site{Server: &httptest.Server{URL: front.URL + path}, client: front.client})
		})
	}
}
