package sbom

import "github.com/stella-ops/stella/scanner"

// perBlock is how many packages are held together while they are read.
const perBlock = 1024

// packages is a list that grows by blocks. One slice would leave behind, each time that
// it grows, another as large, which nothing else has a use for.
type packages struct {
	full [][]scanner.Package
	last []scanner.Package
}

func (l *packages) add(p scanner.Package) {
	if len(l.last) == perBlock {
		l.full, l.last = append(l.full, l.last), nil
	}
	if l.last == nil && l.full != nil {
		l.last = make([]scanner.Package, 0, perBlock)
	}
	l.last = append(l.last, p)
}

func (l *packages) len() int { return len(l.full)*perBlock + len(l.last) }

// all gives the list as one slice.
func (l *packages) all() []scanner.Package {
	if l.full == nil {
		return l.last
	}
	all := make([]scanner.Package, 0, l.len())
	for _, block := range l.full {
		all = append(all, block...)
	}
	return append(all, l.last...)
}
