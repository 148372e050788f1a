package uvnet

import (
	"net"
	"strconv"
	"sync"
	"time"
)

// zones caches the interfaces that zones of IPv6 stand for: each packet to or from a
// link-local address names one, and to ask the system takes long.
var zones struct {
	sync.RWMutex
	names map[uint32]zone
	ids   map[string]zone
}

// A zone is an interface in the cache.
type zone struct {
	name  string
	id    uint32
	until int64 // on the clock of now
}

// zoneLife is how long a zone stays in the cache: an interface can be renamed.
const zoneLife = int64(time.Minute)

// zoneName is the name of an IPv6 scope.
func zoneName(id uint32) string {
	if id == 0 {
		return ""
	}
	zones.RLock()
	z := zones.names[id]
	zones.RUnlock()
	if z.until > now() {
		return z.name
	}
	ifi, err := net.InterfaceByIndex(int(id))
	if err != nil {
		return strconv.FormatUint(uint64(id), 10)
	}
	remember(ifi)
	return ifi.Name
}

// zoneID is the scope that a name or number stands for, 0 for none.
func zoneID(name string) uint32 {
	if name == "" {
		return 0
	}
	zones.RLock()
	z := zones.ids[name]
	zones.RUnlock()
	if z.until > now() {
		return z.id
	}
	ifi, err := net.InterfaceByName(name)
	if err != nil {
		n, _ := strconv.ParseUint(name, 10, 32)
		return uint32(n)
	}
	remember(ifi)
	return uint32(ifi.Index)
}

// remember puts an interface into the cache.
func remember(ifi *net.Interface) {
	z := zone{ifi.Name, uint32(ifi.Index), now() + zoneLife}
	zones.Lock()
	defer zones.Unlock()
	if zones.names == nil {
		zones.names, zones.ids = make(map[uint32]zone), make(map[string]zone)
	}
	zones.names[z.id], zones.ids[z.name] = z, z
}
