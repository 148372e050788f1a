#!/usr/bin/env bash
# The newcomer's session of install-check.sh: the commands of docs/install.md, each with its time.
set -uo pipefail
cd || exit 1

# try WANT COMMAND: runs it, prints it with its time, and ends the session if it does not do what is wanted: ok or fails.
try() {
  local want=$1 start=${EPOCHREALTIME/./} status=0 took
  shift
  echo "\$ $*"
  eval "$*" 2>&1 | sed 's/^/  /'
  status=${PIPESTATUS[0]}
  took=$(((${EPOCHREALTIME/./} - start) / 100000))
  echo "  [$((took / 10)).$((took % 10)) s, status $status]"
  case $want:$status in
    ok:0 | fails:[1-9]*) ;;
    *) echo "FAIL: wanted: $want"; exit 1 ;;
  esac
}

# shellcheck source=/dev/null
. /etc/os-release
echo "$PRETTY_NAME, user $(id -un), $(nproc) CPUs; pkg-config: $(command -v pkg-config || echo none); make: $(command -v make || echo none)"
try ok go version
try ok gcc --version '| head -n1'
mkdir hello && cp main.go hello/ && cd hello || exit 1
try ok go mod init example.com/hello
try ok go get github.com/uvgo/uvgo
try ok go mod tidy
try fails go build
try ok go run github.com/uvgo/uvgo/cmd/libuv -w
try ok go build
try ok go run github.com/uvgo/uvgo/cmd/libuv -check
try ok go run github.com/uvgo/uvgo/cmd/libuv -w

echo '$ ./hello &'
./hello &
server=$!
line=
for _ in {1..100}; do # until it listens
  if exec 3<>/dev/tcp/127.0.0.1/8080; then break; fi 2>/dev/null
  kill -0 $server || break
  sleep 0.1
done
printf 'GET /hello/gopher HTTP/1.0\r\n\r\n' >&3
while read -r -t 20 text <&3; do line=$text; done # the last one is the body
echo "  it answers: $line"
exec 3>&-
kill -TERM $server
wait $server
status=$?
echo "  [status $status after SIGTERM]"
[ "$line|$status" = 'hello, gopher|0' ] || { echo 'FAIL: it does not answer, or does not end'; exit 1; }

cd / || exit 1
try ok go run github.com/uvgo/uvgo/cmd/libuv@latest -print dir
try ok go run github.com/uvgo/uvgo/cmd/libuv@latest -u
cd ~/hello || exit 1
try fails go build -o again
