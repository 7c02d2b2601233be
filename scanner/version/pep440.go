package version

import "strings"

// appendPEP440 reads [N!]N(.N)*[{a|b|rc}N][.postN][.devN][+local] with the spellings
// that PEP 440 normalises: case, a leading "v", separators, "alpha", "-1" for ".post1".
// Legacy versions ("0.6m5", "trunk") are errors: PEP 440 gives them no order.
func appendPEP440(key []byte, v string) ([]byte, string) {
	const (
		releaseEnd, releaseNumber     = 0, 1
		devOnly, final                = 0, 4 // "a", "b", "rc" are between
		noPost, post                  = 0, 1
		dev, noDev                    = 0, 1
		localEnd, localText, localInt = 0, 1, 2
	)
	s := strings.ToLower(strings.TrimSpace(v))
	s = strings.TrimPrefix(s, "v")
	s, local, hasLocal := strings.Cut(s, "+")
	epoch, rest, hasEpoch := strings.Cut(s, "!")
	if !hasEpoch {
		epoch, rest = "0", s
	}
	if !isNumber(epoch) {
		return key, "its epoch is not a number"
	}
	key = appendNumber(key, epoch)

	// The release; trailing zeros do not count.
	last := len(key)
	for {
		digits := digitsOf(rest)
		if digits == "" {
			return key, "its release is not dot-separated numbers"
		}
		key = appendNumber(append(key, releaseNumber), digits)
		if !isZero(digits) {
			last = len(key)
		}
		rest = rest[len(digits):]
		if len(rest) < 2 || rest[0] != '.' || !isDigit(rest[1]) {
			break
		}
		rest = rest[1:]
	}
	key = append(key[:last], releaseEnd)

	pre, number, rest := cutPhase(rest, "alpha", "a", "beta", "b", "preview", "pre", "rc", "c")
	post1, postNumber, rest := cutPhase(rest, "post", "rev", "r")
	if post1 == "" && len(rest) > 1 && rest[0] == '-' && isDigit(rest[1]) {
		post1, postNumber = "post", digitsOf(rest[1:])
		rest = rest[1+len(postNumber):]
	}
	dev1, devNumber, rest := cutPhase(rest, "dev")
	if rest != "" {
		return key, "something other than a pre-, post- or development release or a local version behind its release"
	}

	// Summary of permitted suffixes: within a release .devN, aN, bN, rcN, none, .postN;
	// within each of these .devN sorts before none.
	switch {
	case pre != "":
		key = appendNumber(append(key, prePhase(pre[0])), number)
	case post1 == "" && dev1 != "":
		key = append(key, devOnly)
	default:
		key = append(key, final)
	}
	if post1 != "" {
		key = appendNumber(append(key, post), postNumber)
	} else {
		key = append(key, noPost)
	}
	if dev1 != "" {
		key = appendNumber(append(key, dev), devNumber)
	} else {
		key = append(key, noDev)
	}

	if hasLocal {
		for {
			i := strings.IndexAny(local, "._-")
			part := local
			if i >= 0 {
				part = local[:i]
			}
			switch {
			case part == "" || !onlyAlnum(part, ""):
				return key, "its local version is not letters and digits between separators"
			case isNumber(part):
				key = appendNumber(append(key, localInt), part)
			default:
				key = appendText(append(key, localText), part)
			}
			if i < 0 {
				break
			}
			local = local[i+1:]
		}
	}
	return append(key, localEnd), ""
}

// prePhase returns the mark of a pre-release by its first letter. "c", "pre" and
// "preview" are other words for "rc".
func prePhase(first byte) byte {
	switch first {
	case 'a':
		return 1
	case 'b':
		return 2
	}
	return 3
}

// cutPhase cuts [sep]word[sep][digits] from s, with the first of words that fits; by
// appendix B the second separator may stand without digits.
// Without one it returns s.
func cutPhase(s string, words ...string) (word, digits, rest string) {
	rest = trimSeparator(s)
	for _, word := range words {
		after, ok := strings.CutPrefix(rest, word)
		if !ok {
			continue
		}
		after = trimSeparator(after)
		digits = digitsOf(after)
		return word, digits, after[len(digits):]
	}
	return "", "", s
}

func trimSeparator(s string) string {
	if s != "" && strings.IndexByte("._-", s[0]) >= 0 {
		return s[1:]
	}
	return s
}
