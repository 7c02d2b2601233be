package lockfile

import (
	"errors"
	"strings"
)

// readPods reads Podfile.lock. CocoaPods has no OSV ecosystem, so that none of its
// packages is judged; each is listed, with whatever version it has (F-297).
//
// Source: guides.cocoapods.org/using/using-cocoapods.html#what-is-podfilelock.
func readPods(c *collector, data []byte) error {
	lock, err := document(data)
	if err != nil {
		return err
	}
	if lock.get("PODS") == nil {
		return errors.New("it has no PODS; is it CocoaPods' lockfile?")
	}
	for item := range lock.get("PODS").items() {
		pod := item.text()
		for key := range item.pairs() { // one that needs others is the key of their list
			pod = key
		}
		name, version, _ := strings.Cut(strings.TrimSuffix(pod, ")"), " (")
		c.add(dependency{typ: "cocoapods", name: name, version: version})
	}
	return nil
}
