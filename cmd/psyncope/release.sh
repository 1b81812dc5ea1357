#!/bin/sh
# Makes the release archives in DIR, for each of the TARGETS (os/arch ...): a static binary with its manual pages, completions, the licence and
# a list of what it is made of (CycloneDX), and the checksums of all. Run twice on the same commit it makes the same bytes.
set -eu
dir=$1
shift
go=${GO:-go}
here=$(pwd)
version=$(git describe --tags --always --dirty 2>/dev/null || echo devel)
stamp=$(git log -1 --format=%ct 2>/dev/null || echo 0)
rm -rf "$dir"
mkdir -p "$dir"

# What is the same for all: made by a binary for this machine.
CGO_ENABLED=0 "$go" build -trimpath -o "$dir/host/psyncope" ./cmd/psyncope
"$go" build -modfile=tools.mod -o "$dir/host/cyclonedx-gomod" github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod
"$dir/host/psyncope" man "$dir/host/man"
mkdir "$dir/host/completions"
for shell in bash zsh fish powershell; do "$dir/host/psyncope" completion "$shell" >"$dir/host/completions/psyncope.$shell"; done

for target in "$@"; do
	os=${target%/*} arch=${target#*/}
	name=psyncope-$version-$os-$arch
	mkdir -p "$dir/$name"
	binary=$dir/$name/psyncope
	test "$os" != windows || binary=$binary.exe
	CGO_ENABLED=0 GOOS=$os GOARCH=$arch "$go" build -trimpath -ldflags '-s -w' -o "$binary" ./cmd/psyncope
	CGO_ENABLED=0 GOOS=$os GOARCH=$arch "$dir/host/cyclonedx-gomod" app -json -noserial -notimestamp -main cmd/psyncope -output "$dir/$name/sbom.cdx.json" . 2>/dev/null
	cp -R "$dir/host/man" "$dir/host/completions" LICENSE README.md TABLES.md CHANGELOG.md "$dir/$name/"
	find "$dir/$name" -exec touch -h -d "@$stamp" {} +
	if test "$os" = windows; then
		(cd "$dir" && find "$name" -type f | LC_ALL=C sort | TZ=UTC zip -q -X "$name.zip" -@)
	else
		tar -C "$dir" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$stamp" -cf - "$name" | gzip -n9 >"$dir/$name.tar.gz"
	fi
	rm -rf "${dir:?}/$name"
done
rm -rf "$dir/host"
(cd "$dir" && sha256sum psyncope-* >SHA256SUMS)
cat "$dir/SHA256SUMS"
cd "$here"
