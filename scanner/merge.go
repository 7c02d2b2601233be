package scanner

import (
	"cmp"
	"hash/maphash"
	"slices"

	"github.com/stella-ops/stella/scanner/purl"
)

// identity is what makes two entries of an inventory one package. Spellings of a purl that
// its type holds for equal are one.
type identity struct {
	purl, ecosystem, name, version string
	layer                          Layer
	layered                        bool
}

func identityOf(p *Package) identity {
	id := identity{purl: purl.Fold(p.PURL), ecosystem: p.Ecosystem, name: p.Name, version: p.Version}
	if p.Layer != nil {
		id.layer, id.layered = *p.Layer, true
	}
	return id
}

// merged are the packages of an inventory, each once. It holds places in the inventory:
// large ones have few packages twice, and a copy of the list would be half of the memory
// of a scan.
type merged struct {
	packages []Package
	first    []int32           // of each package, where it stands first
	again    map[int32][]int32 // where else, by where it stands first
}

// merge finds the entries that are the same package. They are told apart by a hash, and
// those with the same one by their identity; which hash it is shows nowhere.
func merge(packages []Package) merged {
	m := merged{packages: packages, first: make([]int32, 0, len(packages)), again: map[int32][]int32{}}
	seed := maphash.MakeSeed()
	at := make(map[uint64]int32, len(packages))
	for i := range packages {
		id := identityOf(&packages[i])
		for hash := maphash.Comparable(seed, id); ; hash++ {
			other, taken := at[hash]
			if !taken {
				at[hash] = int32(i)
				m.first = append(m.first, int32(i))
				break
			}
			if identityOf(&packages[other]) == id {
				m.again[other] = append(m.again[other], int32(i))
				break
			}
		}
	}
	return m
}

// at is the n-th package, by one of its entries: its locations are those of this alone.
func (m merged) at(n int) Package { return m.packages[m.shown(n)] }

// shown is the entry that is shown for the n-th package. Where they spell its purl in
// several ways, it is the one in the folded spelling, or else the last in the order of
// bytes, where small letters come after capitals.
func (m merged) shown(n int) int32 {
	shown := m.first[n]
	for _, i := range m.again[m.first[n]] {
		a, b := m.packages[i].PURL, m.packages[shown].PURL
		if a != b && b != purl.Fold(b) && (a == purl.Fold(a) || a > b) {
			shown = i
		}
	}
	return shown
}

// entries are the places of the n-th package in the inventory.
func (m merged) entries(n int) []int32 {
	return append([]int32{m.first[n]}, m.again[m.first[n]]...)
}

// locations are those of all entries of the n-th package, sorted.
func (m merged) locations(n int) []string {
	all := []string{} // the inventory's are not ours to sort
	for _, i := range m.entries(n) {
		all = append(all, m.packages[i].Locations...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// twins are the entries of the n-th package beside the one that is shown: what an SBOM
// says of a place, and of calls, may differ between them. Most packages have none.
func (m merged) twins(n int) []Package {
	if len(m.again[m.first[n]]) == 0 {
		return nil
	}
	var twins []Package
	shown := m.shown(n)
	for _, i := range m.entries(n) {
		if i != shown {
			twins = append(twins, m.packages[i])
		}
	}
	return twins
}

// labels are the names that the inventory has for the n-th package, each once: its purls,
// or its name.
func (m merged) labels(n int) []string {
	var labels []string
	for _, i := range m.entries(n) {
		labels = append(labels, cmp.Or(m.packages[i].PURL, m.packages[i].Name))
	}
	slices.Sort(labels)
	return slices.Compact(labels)
}
