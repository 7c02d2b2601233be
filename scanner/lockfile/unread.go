package lockfile

// unread are lockfiles that are known by name alone, with what to say of them. To pass
// over one would show a tree as clean of which nothing was read (F-259).
var unread = map[string]string{
	"bun.lockb":            "it is Bun's binary lockfile; write bun.lock with bun install --save-text-lockfile",
	"cabal.project.freeze": "cabal's freeze file is not read; scan an SBOM of the build",
	"cartfile.resolved":    "Carthage has no OSV ecosystem",
	"conda-lock.yml":       "conda has no OSV ecosystem",
	"cpanfile.snapshot":    "CPAN has no OSV ecosystem",
	"deno.lock":            "Deno's lockfile is not read; scan an SBOM of the build",
	"flake.lock":           "Nix has no OSV ecosystem",
	"glide.lock":           "Glide's lockfile is not read; move to Go modules, or scan the binary",
	"gopkg.lock":           "dep's lockfile is not read; move to Go modules, or scan the binary",
	"paket.lock":           "Paket's lockfile is not read; scan project.assets.json or *.deps.json of the build",
	"pixi.lock":            "conda has no OSV ecosystem, and pixi's lockfile is not read",
	"rebar.lock":           "Rebar's lockfile is not read; scan an SBOM of the build",
	"renv.lock":            "renv's lockfile is not read; scan an SBOM of the environment",
	"stack.yaml.lock":      "Stack's lockfile is not read; scan an SBOM of the build",
}

// kindUnread is the Target.Kind of a lockfile whose content is not read.
const kindUnread = "unread-lockfile"
