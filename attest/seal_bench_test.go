package attest_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/attest"
)

// BenchmarkSeal measures sealing beside its floor: a bare Ed25519 signature and a
// bare base64 encoding of the same payload. Goal: op=Seal within 1.1 of op=floor.
//
//	go test -bench Seal -count 10 ./attest | benchstat -col /op -
func BenchmarkSeal(b *testing.B) {
	signer := signers(b)[attest.Ed25519]
	_, key, err := ed25519.GenerateKey(nil)
	require.NoError(b, err)
	for _, size := range []int{2 << 10, 20 << 10, 200 << 10} {
		payload := make([]byte, size)
		b.Run(fmt.Sprintf("bytes=%d/op=floor", size), func(b *testing.B) {
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				ed25519.Sign(key, payload)
				base64.StdEncoding.AppendEncode(make([]byte, 0, base64.StdEncoding.EncodedLen(size)), payload)
			}
		})
		b.Run(fmt.Sprintf("bytes=%d/op=Seal", size), func(b *testing.B) {
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := attest.Seal(context.Background(), payload, attest.PayloadTypeReport, signer); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
