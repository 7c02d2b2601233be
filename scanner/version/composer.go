package version

import (
	"regexp"
	"strings"
)

// The forms that Composer\Semver\VersionParser::normalize takes, build metadata cut off.
const composerModifier = `[._-]?(?:(stable|beta|b|rc|alpha|a|patch|pl|p)((?:[.-]?[0-9]+)*)?)?([.-]?dev)?$`

var (
	composerClassic = regexp.MustCompile(`^v?([0-9]{1,5}(?:\.[0-9]+){0,3})` + composerModifier)
	composerDate    = regexp.MustCompile(`^v?([0-9]{4}(?:[.:-]?[0-9]{2}){1,6}(?:[.:-]?[0-9]{1,3})?)` + composerModifier)
	composerBranch  = regexp.MustCompile(`^v?([0-9]+(?:\.(?:[0-9]+|[x*])){0,3})[.-]?dev$`)
)

// Marks of what PHP's version_compare meets: texts, the end, numbers. "patch" is newer
// than any number, as in PHP.
const (
	composerDev byte = iota + 1
	composerAlpha
	composerBeta
	composerRC
	composerEnd
	composerNumber
	composerPatch
)

// appendComposer reads a version as Composer normalises it (composer/semver,
// VersionParser::normalize) in the order of PHP's version_compare: four numbers, or a
// date's; dev, alpha, beta, RC before the release, patch after it. The branch 1.x-dev is
// 1.9999999.9999999.9999999-dev. A branch with a name ("dev-master") has no place in the
// order and is an error (F-091), as are aliases ("1.0 as 2.0") and stability flags.
func appendComposer(key []byte, v string) ([]byte, string) {
	s := strings.ToLower(strings.TrimSpace(v))
	if strings.HasPrefix(s, "dev-") || s == "master" || s == "trunk" || s == "default" {
		return key, "it is a branch, which is neither older nor newer than a release"
	}
	if version, build, ok := strings.Cut(s, "+"); ok {
		if version == "" || build == "" || strings.ContainsAny(build, " \t\r\n\v\f") {
			return key, "its build metadata is empty or holds a space"
		}
		s = version
	}
	if m := composerClassic.FindStringSubmatch(s); m != nil {
		return appendComposerModifier(appendComposerNumbers(key, m[1], "0"), m[2], m[3], m[4]), ""
	}
	if m := composerDate.FindStringSubmatch(s); m != nil {
		for digits := range strings.FieldsFuncSeq(m[1], func(r rune) bool { return r < '0' || r > '9' }) {
			key = appendNumber(append(key, composerNumber), digits)
		}
		return appendComposerModifier(key, m[2], m[3], m[4]), ""
	}
	if m := composerBranch.FindStringSubmatch(s); m != nil {
		return append(appendComposerNumbers(key, m[1], "9999999"), composerDev, composerEnd), ""
	}
	return key, "it is none of Composer's forms: 1.2.3.4-beta5, a date, 1.x-dev"
}

// appendComposerNumbers appends four numbers, those that are missing as fill.
func appendComposerNumbers(key []byte, numbers, fill string) []byte {
	parts := 0
	for number := range strings.SplitSeq(numbers, ".") {
		if !isNumber(number) {
			number = fill
		}
		key = appendNumber(append(key, composerNumber), number)
		parts++
	}
	for ; parts < 4; parts++ {
		key = appendNumber(append(key, composerNumber), fill)
	}
	return key
}

func appendComposerModifier(key []byte, stability, numbers, dev string) []byte {
	switch stability {
	case "stable":
		return append(key, composerEnd) // by the source: what follows "stable" is dropped
	case "alpha", "a":
		key = append(key, composerAlpha)
	case "beta", "b":
		key = append(key, composerBeta)
	case "rc":
		key = append(key, composerRC)
	case "patch", "pl", "p":
		key = append(key, composerPatch)
	}
	for number := range strings.FieldsFuncSeq(numbers, func(r rune) bool { return r == '.' || r == '-' }) {
		key = appendNumber(append(key, composerNumber), number)
	}
	if dev != "" {
		key = append(key, composerDev)
	}
	return append(key, composerEnd)
}
