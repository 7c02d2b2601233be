package memstore_test

import (
	"testing"

	"github.com/stella-ops/stella/authority"
	"github.com/stella-ops/stella/authority/memstore"
	"github.com/stella-ops/stella/authority/storetest"
)

func TestContract(t *testing.T) {
	storetest.Run(t, func(storetest.T) storetest.Backend {
		restart := func(storetest.T) authority.TokenStore { return new(memstore.Store) }
		return storetest.Backend{Store: new(memstore.Store), Engine: "memory", Restart: restart}
	})
}
