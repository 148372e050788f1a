package looptls

const (
	recordHandshake = 22
	maxCiphertext   = MaxPlaintext + 2048 // RFC 5246
	maxHello        = 64 << 10            // the longest handshake message that crypto/tls takes
)

// A hello tells when a server's handshake can begin: when there is a whole ClientHello, or
// something that crypto/tls refuses at once. A ClientHello may be split over several
// records.
type hello struct {
	at     int     // where the current record begins
	header [4]byte // of the message: its type and its length
	got    int     // bytes of the message in the records before
}

// ready looks at all that has arrived. It goes on where it was the last time: peers may send
// byte by byte.
func (h *hello) ready(in []byte) bool {
	for {
		p := in[h.at:]
		if len(p) > 0 && p[0] != recordHandshake || len(p) > 1 && p[1] != 3 || len(in) >= maxUnread {
			return true
		}
		if len(p) < headerLen {
			return false
		}
		n := int(p[3])<<8 | int(p[4])
		if n == 0 || n > maxCiphertext {
			return true
		}
		body := p[headerLen:min(len(p), headerLen+n)]
		if h.got < len(h.header) {
			copy(h.header[h.got:], body)
		}
		size := h.got + len(body)
		if size >= len(h.header) {
			want := len(h.header) + (int(h.header[1])<<16 | int(h.header[2])<<8 | int(h.header[3]))
			if want > maxHello || size >= want {
				return true
			}
		}
		if len(body) < n {
			return false
		}
		h.got = size
		h.at += headerLen + n
	}
}
