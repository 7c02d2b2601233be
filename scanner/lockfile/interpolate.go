package lockfile

import "strings"

// Limits of an interpolation: a value that names itself, or doubles at every step.
const (
	maxSteps = 100
	maxValue = 4096 // bytes
)

// interpolate replaces every reference, open key end, by what lookup gives, until none
// is left. unknown is the reference for which it gave nothing, or s itself where that
// never ends.
func interpolate(s, open, end string, lookup func(key string) (string, bool)) (value, unknown string) {
	value = s
	for range maxSteps {
		before, rest, found := strings.Cut(value, open)
		if !found {
			return value, ""
		}
		key, after, closed := strings.Cut(rest, end)
		v, known := lookup(key)
		if !closed || !known {
			return "", open + key + end
		}
		if value = before + v + after; len(value) > maxValue {
			break
		}
	}
	return "", s
}
