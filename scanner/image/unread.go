package image

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
)

// unreadDatabases are where package managers that are not read keep what they have
// installed. An image that has one is not without packages.
var unreadDatabases = []struct{ path, manager string }{
	{"gnu/store", "Guix"},
	{"nix/store", "Nix"},
	{"usr/lib/opkg/status", "opkg"},
	{"var/db/pkg", "Portage"},
	{"var/db/xbps", "XBPS"},
	{"var/lib/opkg/status", "opkg"},
	{"var/lib/pacman/local", "pacman"},
	{"var/lib/pkgtools/packages", "Slackware's pkgtools"},
}

// unread lists what says that there are packages of the operating system which were not
// read: another package manager's database, or a release without any database.
func (c *collector) unread() error {
	known := false
	for _, h := range c.histories {
		known = known || len(h.last) > 0
	}
	for _, d := range unreadDatabases {
		_, at, err := c.tree.resolve(d.path, true)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: %w", d.path, err)
		}
		known = true
		c.unreadable(at, fmt.Sprintf("it is the package database of %s, which is not read: dpkg, apk and rpm are", d.manager))
	}
	if !known && c.distro.ID != "" {
		name := c.distro.ID + " " + cmp.Or(c.distro.Version, "of unknown release")
		c.unreadable(name, "the image says that it is this distribution, and has no package database: the packages of its operating system are not known")
	}
	return nil
}
