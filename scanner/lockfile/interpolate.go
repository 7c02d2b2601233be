package lockfile

import "strings"

// Limits of an interpolation: a value that names itself, or doubles at every step.
const (
	maxSteps = 100
	maxValue = 4096 // bytes
)

// interpolate replaces every reference, open key end, by what lookup gives, until none
// is left. unknown is the key for which it gave nothing, or which has no end.
func interpolate(s, open, end string, lookup func(key string) (string, bool)) (value, unknown string) {
	for range maxSteps {
		before, rest, found := strings.Cut(s, open)
		if !found {
			return s, ""
		}
		key, after, closed := strings.Cut(rest, end)
		v, known := lookup(key)
		if !closed || !known || len(before)+len(v)+len(after) > maxValue {
			return "", open + key + end
		}
		s = before + v + after
	}
	return "", s
}
