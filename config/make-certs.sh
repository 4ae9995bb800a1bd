#!/bin/sh
# Makes the certificates of the examples in the folder certs beside this file, and the CA that signs them, certs/ca.crt.
# What is there already stays as it is.
cd "$(dirname "$0")" || exit 1
run() {
  if command -v balance >/dev/null; then balance "$@"; else ../bin/balance "$@"; fi
}
make() {
  said=$(run "$@" 2>&1) || case $said in
    *' exists already: '*) ;;
    *) echo "$said" >&2 && exit 1 ;;
  esac
  echo "$said" | grep -e '^certs/.*: a certificate ' -e ' exists already: '
}
make dev-cert --folder certs localhost 127.0.0.1 ::1
make dev-cert --folder certs shop.localhost '*.shop.localhost'
make dev-cert --folder certs --rsa shop.localhost '*.shop.localhost'
make dev-cert --folder certs backend.localhost
make dev-cert --folder certs --client alice
make dev-cert --folder certs --client proxy
