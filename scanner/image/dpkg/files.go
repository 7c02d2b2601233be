package dpkg

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// ParseList reads info/NAME.list: a path on each line, from the root. Each is given
// without the slash that it begins with.
func ParseList(r io.Reader) ([]string, error) {
	return paths(r, func(line string) (string, error) {
		if !strings.HasPrefix(line, "/") {
			return "", fmt.Errorf("%.80q does not begin with a slash", line)
		}
		return strings.TrimPrefix(line, "/"), nil
	})
}

// ParseSums reads status.d/NAME.md5sums: a digest, white space and a path on each line.
// The path has no slash before it; "./" is left out.
func ParseSums(r io.Reader) ([]string, error) {
	return paths(r, func(line string) (string, error) {
		digest, name, ok := strings.Cut(line, " ")
		name = strings.TrimPrefix(strings.TrimLeft(name, " *"), "./")
		if !ok || len(digest) != 32 || name == "" {
			return "", fmt.Errorf("%.80q is no digest with a path", line)
		}
		return strings.TrimPrefix(name, "/"), nil
	})
}

// PackageOf is the package that a list or a file of sums belongs to: libc6:amd64.list
// is of libc6. It is "" for a file of another kind.
func PackageOf(base string) string {
	for _, suffix := range []string{".list", ".md5sums"} {
		if name, ok := strings.CutSuffix(base, suffix); ok {
			name, _, _ = strings.Cut(name, ":")
			return name
		}
	}
	return ""
}

func paths(r io.Reader, parse func(string) (string, error)) ([]string, error) {
	var all []string
	limited := &io.LimitedReader{R: r, N: MaxSize + 1}
	lines := bufio.NewScanner(limited)
	for n := 1; lines.Scan(); n++ {
		if lines.Text() == "" {
			continue
		}
		name, err := parse(lines.Text())
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if name != "" && name != "." {
			all = append(all, name)
		}
	}
	if limited.N == 0 {
		return nil, fmt.Errorf("it is larger than %d bytes", MaxSize)
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	return all, nil
}
