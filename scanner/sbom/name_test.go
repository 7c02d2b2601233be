package sbom

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestIsName(t *testing.T) {
	for name, want := range map[string]bool{
		"bom.json": true, "bom.xml": true, "SBOM.json": true, "app.cdx.json": true, "app.cdx.xml": true, "a.spdx": true,
		"a.spdx.json": true, "shop-sbom.json": true, "shop_bom.xml": true, "shop.sbom.json": true,
		"package.json": false, "bombs.json": false, "bom.go": false, "sbom": false, ".json": false, "sbom.schema.json": false,
	} {
		require.Equal(t, want, IsName(name), name)
	}
}
