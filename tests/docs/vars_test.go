package docs

// tableVars are the headings of the columns that are compiled, with the variables that their code uses.
var tableVars = map[string]string{
	"net":      common + "file *os.File, c net.Conn, ln net.Listener, uc *net.UDPConn, tcpAddr *net.TCPAddr, udpAddr *net.UDPAddr, unixAddr *net.UnixAddr",
	"uvnet":    common + "file *os.File, c net.Conn, ln net.Listener, tcpAddr *net.TCPAddr, udpAddr *net.UDPAddr, unixAddr *net.UnixAddr",
	"server":   common + "c *server.Conn, pc *server.PacketConn, s *server.Server, loop *uvgo.Loop, ln net.Listener, " + serving,
	"net/http": common + web + "srv *http.Server",
	"uvhttp":   common + web + "srv *uvhttp.Server",
	"uvgo": common + serving + "c *server.Conn, s *server.Server, l *uvgo.Loop, tcp *handles.TCP, pipe *handles.Pipe, udp *handles.UDP, tty *handles.TTY, " +
		"timer *handles.Timer, async *handles.Async, sig *handles.Signal, poll *handles.Poll, event *handles.FSEvent, look *handles.FSPoll, process *handles.Process, " +
		"work func() error, task *requests.Work, done func(error), ready func(handles.PollEvent, error), onSignal func(os.Signal), read func([]byte, error), " +
		"accepted func(*handles.TCP, error), received func(handles.Datagram, error), changed func(string, handles.FSEventKind, error), differs func(prev, cur uv.Stat, err error), " +
		"exited func(int, syscall.Signal), hints requests.AddrInfoHints, found func([]requests.AddrInfo, error), named func(host, service string, err error), " +
		"opened func(uintptr, error), readDone func(int, error), fd uintptr, errno uv.Errno, ip netip.Addr, args []string, host, port string",
}

const (
	common  = "ctx context.Context, p []byte, addr, name, text, prefix string, n int, d time.Duration, t time.Time, f func(), err error, v any, conf *tls.Config, addrPort netip.AddrPort, "
	serving = "handler server.Handler, frameHandler server.FrameHandler, split bufio.SplitFunc, logger *slog.Logger, "
	web     = "w http.ResponseWriter, r *http.Request, mux *http.ServeMux, cert, key, s string, file io.ReadSeeker, limit int64, dir http.FileSystem, logger *log.Logger, protocols *http.Protocols, " +
		"state func(net.Conn, http.ConnState), conn func(context.Context, net.Conn) context.Context, base func(net.Listener) context.Context, fn func(), ln net.Listener, "
)
