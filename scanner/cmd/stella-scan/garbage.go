package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// A scan is short, and most of what it holds it holds to the end. So a small one is
// over before there is garbage worth collecting, and of a large one a third of what it
// holds is room enough.
const (
	garbageRoom    = 16 << 20 // bytes
	garbagePercent = 30       // of what is held, where that is more
)

// limitGarbage sets when garbage is collected, now and after each collection.
func limitGarbage() {
	held := []metrics.Sample{{Name: "/gc/heap/live:bytes"}} // by the last collection
	metrics.Read(held)
	debug.SetGCPercent(garbagePercentOf(held[0].Value.Uint64()))
	runtime.AddCleanup(new(*int), func(struct{}) { limitGarbage() }, struct{}{})
}

// garbagePercentOf is how much garbage may be made, in percent of what is held. Below
// 4 MB, the runtime reckons with 4.
func garbagePercentOf(held uint64) int {
	return int(max(100*garbageRoom/max(held, 4<<20), garbagePercent))
}
