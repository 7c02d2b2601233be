package version

import "strings"

// appendNuGet reads major[.minor[.patch[.revision]]][-labels][+metadata]
// (learn.microsoft.com/nuget/concepts/package-versioning, "Normalized version numbers"
// and "Pre-release versions"): missing numbers are 0, leading zeros do not count,
// labels compare without case.
func appendNuGet(key []byte, v string) ([]byte, string) {
	rest, metadata, hasMetadata := strings.Cut(v, "+")
	core, labels, hasLabels := strings.Cut(rest, "-")
	parts := 0
	for number := range strings.SplitSeq(core, ".") {
		if !isNumber(number) {
			return key, "it does not begin with one to four numbers"
		}
		key = appendNumber(key, number)
		parts++
	}
	if parts > 4 {
		return key, "it has more than four numbers"
	}
	for ; parts < 4; parts++ {
		key = appendNumber(key, "0")
	}
	if hasMetadata && !validIdentifiers(metadata, true) {
		return key, "its metadata is not dot-separated letters, digits and hyphens"
	}
	if !hasLabels {
		return append(key, semverRelease), ""
	}
	if !validIdentifiers(labels, true) {
		return key, "its labels are not dot-separated letters, digits and hyphens"
	}
	return appendIdentifiers(append(key, semverPrerelease), strings.ToLower(labels)), ""
}
