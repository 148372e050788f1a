package sysinfo_test

import (
	"fmt"
	"log"

	"github.com/uvgo/uvgo/sysinfo"
)

func ExampleInterfaceAddrs() {
	addrs, err := sysinfo.InterfaceAddrs()
	if err != nil {
		log.Fatal(err)
	}
	for _, a := range addrs {
		if a.Internal && a.Addr.Is4() {
			fmt.Println(a.Name, a.Prefix)
			break
		}
	}
	// Output: lo 127.0.0.1/8
}

func ExampleConstrainedMemory() {
	limit := sysinfo.TotalMemory()
	if n := sysinfo.ConstrainedMemory(); n != 0 {
		limit = min(limit, n)
	}
	fmt.Println("there is memory:", limit > 0)
	// Output: there is memory: true
}
