package lockfile

import "testing"

var composerRows = []row{
	{
		name: "packages", file: "composer.lock",
		text: `{"packages":[{"name":"a/b","version":20190220},{"name":"Symfony/HTTP-Foundation","version":"v5.4.0","source":{"type":"git","url":"https://git.example/x.git"}},
			{"name":"own/lib","version":"dev-main","dist":{"type":"path","url":"./lib"}},{"name":"c/d","version":1.10},{"name":"bare","version":"1.0"},{"version":"1"},{"name":"e/f","version":null}],
			"packages-dev":[{"name":"phpunit/phpunit","version":"9.5.0"}]}`,
		want: []string{
			"Packagist symfony/http-foundation v5.4.0 composer.lock",
			"Packagist a/b 20190220 composer.lock",
			"Packagist c/d 1.10 composer.lock",
			"Packagist e/f  composer.lock",
			"Packagist phpunit/phpunit 9.5.0 composer.lock#(dev)",
			"- bare: it is no name of Packagist's, which has a vendor and a slash",
			"- composer.lock: it is no name of Packagist's, which has a vendor and a slash",
			"- own/lib@dev-main: it is the project's directory ./lib, not a registry's package",
		},
	},
	{name: "none", file: "composer.lock", text: `{"packages":[]}`},
	{name: "something else", file: "composer.lock", text: `{"name":"x"}`, err: "is it Composer's lockfile?"},
	{name: "a string for packages", file: "composer.lock", text: `{"packages":"x"}`, err: `string is not what belongs at "packages"`},
}

func TestComposer(t *testing.T) { run(t, composerRows) }

func FuzzComposer(f *testing.F) { fuzz(f, composerRows) }
