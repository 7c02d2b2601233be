package sbom

import (
	"bytes"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

// synthetic is a CycloneDX document of n components, as a scanner of images writes
// them: two thirds of a distribution, one third of language packages.
func synthetic(n int) []byte {
	var b bytes.Buffer
	b.WriteString("{\n  \"bomFormat\": \"CycloneDX\",\n  \"specVersion\": \"1.6\",\n  \"components\": [")
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		purl := fmt.Sprintf("pkg:deb/debian/package-%d@1.%d.0-1?arch=amd64&distro=debian-12&upstream=source-%d", i, i%50, i/3)
		if i%3 == 0 {
			purl = fmt.Sprintf("pkg:npm/%%40scope%d/package-%d@1.%d.0", i%100, i, i%50)
		}
		fmt.Fprintf(&b, `
    {
      "bom-ref": "%s&package-id=%016x",
      "type": "library",
      "name": "package-%d",
      "version": "1.%d.0-1",
      "licenses": [{"license": {"id": "MIT"}}],
      "purl": "%s",
      "properties": [
        {"name": "syft:package:foundBy", "value": "cataloger"},
        {"name": "syft:location:0:path", "value": "/var/lib/dpkg/status"}
      ]
    }`, purl, i, i, i%50, purl)
	}
	b.WriteString("\n  ]\n}\n")
	return b.Bytes()
}

func BenchmarkRead(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		data := synthetic(n)
		b.Run(fmt.Sprintf("components=%d", n), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				inv, err := Read(bytes.NewReader(data), "bench")
				if err != nil || len(inv.Packages) != n {
					b.Fatal(err, len(inv.Packages))
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/component")
			b.ReportMetric(float64(peak(data))/(1<<20), "peak-MiB")
		})
	}
}

// peak is the most heap that one read of data holds above what there was, as a
// sampler sees it: the document itself, which the benchmark holds, is not in it.
func peak(data []byte) uint64 {
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var done atomic.Bool
	most := make(chan uint64)
	go func() {
		var m uint64
		for !done.Load() {
			runtime.ReadMemStats(&now)
			m = max(m, now.HeapInuse)
			time.Sleep(2 * time.Millisecond)
		}
		most <- m
	}()
	_, err := Read(bytes.NewReader(data), "bench")
	done.Store(true)
	m := <-most
	if err != nil || m < before.HeapInuse {
		return 0
	}
	return m - before.HeapInuse
}
