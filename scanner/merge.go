package scanner

import (
	"hash/maphash"
	"slices"
)

// identity is what makes two entries of an inventory one package.
type identity struct {
	purl, ecosystem, name, version string
	layer                          Layer
	layered                        bool
}

func identityOf(p *Package) identity {
	id := identity{purl: p.PURL, ecosystem: p.Ecosystem, name: p.Name, version: p.Version}
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

// at is the n-th package. Its locations are those of its first entry alone.
func (m merged) at(n int) Package { return m.packages[m.first[n]] }

// locations are those of all entries of the n-th package, sorted.
func (m merged) locations(n int) []string {
	i := m.first[n]
	all := append([]string{}, m.packages[i].Locations...) // the inventory's are not ours to sort
	for _, other := range m.again[i] {
		all = append(all, m.packages[other].Locations...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// twins are the other entries of the n-th package: what an SBOM says of a place, and of
// calls, may differ between them.
func (m merged) twins(n int) []Package {
	var twins []Package
	for _, other := range m.again[m.first[n]] {
		twins = append(twins, m.packages[other])
	}
	return twins
}
