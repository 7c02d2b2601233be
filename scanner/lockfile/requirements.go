package lockfile

import (
	"regexp"
	"strings"
)

var (
	// requirement is PEP 508's name, extras and the rest.
	requirement = regexp.MustCompile(`^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)[ \t]*(\[[^\]]*\])?[ \t]*(.*)$`)
	// clause is one clause of PEP 440's version specifiers.
	clause = regexp.MustCompile(`^(===|==|~=|!=|<=|>=|<|>)[ \t]*([^ \t,;]+)$`)
	// option is an option of a requirement ("--hash=…"), and all that follows it.
	option = regexp.MustCompile(`[ \t]--[a-z].*$`)
	// address begins a URL, which may have a version control's name before it.
	address = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*://`)
	// comment ends a line, "as a shell's would": pip's COMMENT_RE.
	comment = regexp.MustCompile(`(^|[ \t])#.*$`)
)

// readRequirements reads pip's requirements files. Only == and === pin a version.
//
// Sources: pip.pypa.io/en/stable/reference/requirements-file-format, PEP 508, PEP 440.
func readRequirements(c *collector, data []byte) error {
	for line := range logicalLines(string(data)) {
		line = strings.TrimSpace(comment.ReplaceAllString(line, ""))
		switch {
		case line == "":
		case strings.HasPrefix(line, "-"):
			c.requirementsOption(line)
		default:
			c.requirement(line)
		}
	}
	return nil
}

// logicalLines joins lines that end with a backslash, as pip's join_lines: a comment
// line is not continued, and ends a continuation.
func logicalLines(text string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		var joined strings.Builder
		for line := range strings.Lines(text) {
			line = strings.TrimRight(line, "\r\n")
			isComment := strings.HasPrefix(strings.TrimLeft(line, " \t"), "#")
			if head, ok := strings.CutSuffix(line, `\`); ok && !isComment {
				joined.WriteString(head)
				continue
			}
			if isComment {
				line = " " + line // the comment is one, whatever it is joined to
			}
			joined.WriteString(line)
			if !yield(joined.String()) {
				return
			}
			joined.Reset()
		}
		yield(joined.String())
	}
}

// requirementsOption lists what an option brings in, and passes over those that only
// say how and from where.
func (c *collector) requirementsOption(line string) {
	name, value, _ := strings.Cut(line, " ")
	if long, v, ok := strings.Cut(name, "="); ok {
		name, value = long, v
	}
	if len(name) > 2 && name[1] != '-' { // "-rbase.txt"
		name, value = name[:2], name[2:]+" "+value
	}
	value = clip(strings.TrimSpace(value))
	switch name {
	case "-r", "--requirement":
		c.skip(value, "its requirements belong to this file's (-r); it is read where it is a target or a lockfile of its own")
	case "-c", "--constraint":
		c.skip(value, "its constraints (-c) decide versions; those that this file does not pin are not known")
	case "-e", "--editable":
		c.skip(value, "it is installed from a directory or a repository (-e), not from a registry")
	}
}

func (c *collector) requirement(line string) {
	spec, marker, _ := strings.Cut(option.ReplaceAllString(line, ""), ";")
	spec, marker = strings.TrimSpace(spec), strings.TrimSpace(marker)
	m := requirement.FindStringSubmatch(spec)
	if m == nil || address.MatchString(spec) {
		c.skip(withoutUser(line), "it is a path or a URL, or nothing that pip knows; it is not a registry's package with a version")
		return
	}
	name, rest := m[1], strings.TrimSpace(m[3])
	switch version, why := pin(rest); {
	case strings.HasPrefix(rest, "@"):
		c.skip(name, "it comes from %s, not from a registry", clip(withoutUser(strings.TrimSpace(rest[1:]))))
	case why != "":
		c.skip(name, why)
	default:
		scope := when(marker != "", "if "+clip(marker))
		c.add(dependency{typ: "pypi", name: name, version: version, scope: scope})
	}
}

// pin is the version that a specifier allows alone, or why there is none (F-150).
func pin(specifier string) (version, why string) {
	specifier = strings.TrimSpace(specifier)
	if strings.HasPrefix(specifier, "(") && strings.HasSuffix(specifier, ")") { // PEP 508's older spelling
		specifier = specifier[1 : len(specifier)-1]
	}
	if specifier == "" {
		return "", "no version is given; pin one with =="
	}
	for part := range strings.SplitSeq(specifier, ",") {
		part = strings.TrimSpace(part)
		m := clause.FindStringSubmatch(part)
		switch {
		case part == "": // a comma at the end is allowed
		case m == nil:
			return "", "its version specifier cannot be read: " + clip(specifier)
		case (m[1] == "==" || m[1] == "===") && !strings.Contains(m[2], "*"):
			version = m[2]
		}
	}
	if version == "" {
		return "", "its version is not pinned: " + clip(specifier) + "; pin it with =="
	}
	return version, ""
}
