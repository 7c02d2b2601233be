package lockfile

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// readYarn reads yarn.lock of Yarn 1, a format of its own, and of Berry, which is
// YAML. Both list what all members of a workspace need (F-147).
//
// Sources: the grammar of Yarn 1 (github.com/yarnpkg/yarn, src/lockfile/parse.js),
// yarnpkg.com/protocols.
func readYarn(c *collector, data []byte) error {
	for line := range bytes.Lines(data) {
		if bytes.HasPrefix(line, []byte("__metadata:")) || bytes.HasPrefix(line, []byte(`"__metadata":`)) {
			return readBerry(c, data)
		}
	}
	return readYarn1(c, data)
}

// yarnBlock is an entry of Yarn 1: the specifiers that resolve to it, and its fields.
type yarnBlock struct {
	specs             []string
	version, resolved string
}

func readYarn1(c *collector, data []byte) error {
	var b *yarnBlock
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, MaxSize)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimRight(lines.Text(), " \t\r")
		trimmed := strings.TrimLeft(line, " ")
		switch indent := len(line) - len(trimmed); {
		case trimmed == "" || trimmed[0] == '#':
		case indent == 0:
			c.yarnBlock(b)
			specs, err := yarnSpecs(trimmed)
			if err != nil {
				return fmt.Errorf("line %d: %w", n, err)
			}
			b = &yarnBlock{specs: specs}
		case b == nil:
			return fmt.Errorf("line %d: an entry's field belongs below the entry", n)
		case indent == 2:
			words := yarnWords(trimmed)
			switch {
			case len(words) == 2 && words[0] == "version":
				b.version = words[1]
			case len(words) == 2 && words[0] == "resolved":
				b.resolved = words[1]
			}
		}
	}
	c.yarnBlock(b)
	if lines.Err() != nil {
		return lines.Err()
	}
	if b == nil && !bytes.Contains(data, []byte("yarn lockfile")) {
		return errors.New("it has no entry and not the first line of a lockfile; is it Yarn's?")
	}
	return nil
}

// yarnSpecs reads `a@^1.0.0, "@b/c@npm:d@2":`.
func yarnSpecs(line string) ([]string, error) {
	if strings.HasPrefix(line, "<<<<<<<") || strings.HasPrefix(line, "=======") || strings.HasPrefix(line, ">>>>>>>") {
		return nil, errors.New("it has a merge conflict; resolve it, and run yarn install")
	}
	line, ok := strings.CutSuffix(line, ":")
	specs := yarnWords(line)
	if !ok || len(specs) == 0 {
		return nil, fmt.Errorf("%q is no entry: one is specifiers and a colon", clip(line))
	}
	return specs, nil
}

// yarnWords splits at spaces and commas outside of quotes.
func yarnWords(line string) []string {
	var words []string
	for line = strings.TrimLeft(line, " ,"); line != ""; line = strings.TrimLeft(line, " ,") {
		if quoted, err := strconv.QuotedPrefix(line); err == nil && line[0] == '"' {
			word, _ := strconv.Unquote(quoted) // a quoted prefix is one that can be unquoted
			words, line = append(words, word), line[len(quoted):]
			continue
		}
		end := strings.IndexAny(line, " ,")
		if end < 0 {
			end = len(line)
		}
		words, line = append(words, line[:end]), line[end:]
	}
	return words
}

// yarnRange is what stands behind "npm:" without being a package's name. Yarn 1 takes
// all of it for a name, with or without a range ("a@npm:b" is the newest b; see
// src/resolvers/exotics/registry-resolver.js); other tools write "a@npm:^1.0.0" for a.
var yarnRange = regexp.MustCompile(`^([~^<>=*]|v?[0-9]+(\.|$)|$)`)

// yarnBlock adds an entry. All of its specifiers ask for one package, under one name
// or under aliases of it.
func (c *collector) yarnBlock(b *yarnBlock) {
	if b == nil {
		return
	}
	name, specifier := npmSpec(b.specs[0])
	if alias, ok := strings.CutPrefix(specifier, "npm:"); ok {
		if target, _ := npmSpec(alias); !yarnRange.MatchString(target) {
			name = target
		}
	}
	why := cmp.Or(foreign(b.resolved), foreign(specifier))
	if isURL := strings.HasPrefix(specifier, "http"); why == "" && isURL && strings.Contains(specifier, "://") {
		why = "it comes from " + clip(withoutUser(specifier)) + ", not from a registry"
	}
	if why != "" {
		c.skip(label(name, b.version), why)
		return
	}
	c.add(npmPackage(name, b.version, "", ""))
}

func readBerry(c *collector, data []byte) error {
	lock, err := document(data)
	if err != nil {
		return err
	}
	for key, entry := range lock.pairs() {
		if key != "__metadata" {
			c.berry(key, entry)
		}
	}
	return nil
}

// berry adds an entry by its resolution, which names the package that an alias stands
// for: "lodash@npm:4.17.20".
func (c *collector) berry(key string, entry *node) {
	resolution := entry.get("resolution").text()
	name, from := npmSpec(cmp.Or(resolution, key))
	version := entry.get("version").text()
	protocol, rest, _ := strings.Cut(from, ":")
	switch {
	case resolution == "":
		c.skip(clip(key), "the entry has no resolution")
	case protocol == "npm":
		// "npm:1.0.0::__archiveUrl=…" is a tarball's place in a registry.
		pinned, _, _ := strings.Cut(rest, "::")
		c.add(npmPackage(name, cmp.Or(pinned, version), "", ""))
	case protocol == "patch" && strings.Contains(rest, "@npm"):
		// A registry's package with a patch of the project's: whether that fixes what an
		// advisory is about, nobody says here.
		c.add(npmPackage(name, version, "", "patched"))
	default:
		c.skip(label(name, version), cmp.Or(foreign(from), "it comes from "+clip(withoutUser(from))+", not from a registry"))
	}
}
