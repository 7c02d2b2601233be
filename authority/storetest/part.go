package storetest

import (
	"flag"
	"fmt"
)

// Part says which part of the tests the command line picks with -run or -skip, "" for
// all of them. What a whole run must have exercised cannot be demanded of a part.
func Part() (part string) {
	for _, name := range []string{"run", "skip"} {
		if f := flag.Lookup("test." + name); f != nil && f.Value.String() != "" {
			part += fmt.Sprintf(" -%s=%s", name, f.Value)
		}
	}
	return part
}
