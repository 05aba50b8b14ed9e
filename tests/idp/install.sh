#!/bin/sh
# Puts what the identity providers need into .idp. Of the system it asks for Node and PHP; as root it installs PHP by apt.
set -eu
cd "$(dirname "$0")/../.."
mkdir -p .idp
node --version >/dev/null 2>&1 && npm --version >/dev/null 2>&1 || {
    echo "Node 20.12 or newer and npm are needed. Install them, and run this again." >&2
    exit 1
}
cp tests/idp/package.json tests/idp/package-lock.json .idp/
npm --prefix .idp ci --no-audit --no-fund --loglevel=error

serves() { php -m 2>/dev/null | grep -qx dom && php -m | grep -qx mbstring; }
if ! serves && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get install -qq -y --no-install-recommends php-cli php-xml php-mbstring
fi
serves || {
    echo "PHP with XML and mbstring is needed. Install it (Debian: php-cli php-xml php-mbstring), and run this again." >&2
    exit 1
}

if [ ! -d /usr/share/simplesamlphp/www ] && [ ! -d .idp/usr/share/simplesamlphp/www ]; then
    # Unpacked and not installed: as a package it brings a web server that starts by itself.
    (cd .idp && apt-get download -qq simplesamlphp && dpkg-deb -x simplesamlphp_*.deb .) || {
        echo "SimpleSAMLphp 1.19 is needed. Install it (Debian 12: simplesamlphp), and run this again." >&2
        exit 1
    }
fi
