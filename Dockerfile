# uvgo's echo server as an image: gcc, Go and libuv's source stay in the build stage.
#
#   docker build -t uvgo . && docker run --rm -p 8888:8888 uvgo
#
# The final image starts from nothing and holds the program, the C library that it was linked to,
# and a user to run as: no shell, no package manager. libuv is linked statically; glibc is not,
# because a static glibc cannot resolve names (getaddrinfo loads its modules at run time).

FROM golang:1.26-bookworm AS build
WORKDIR /src

# libuv first, in a layer that changes only with libuv.lock and the command that builds it.
COPY go.mod Makefile ./
COPY scripts/deps.sh scripts/
COPY cmd/libuv/ cmd/libuv/
COPY third_party/libuv/ third_party/libuv/
RUN make libuv

COPY go.mod go.su[m] ./
RUN go mod download
COPY . .
RUN make build GOLDFLAGS="-s -w"

# The root of the final image: the program, the shared objects that it names, and little else.
RUN mkdir -p -m 755 /root-fs/usr/local/bin /root-fs/etc /root-fs/usr/share/doc/libuv /root-fs/usr/share/doc/uvgo \
 && mkdir -m 1777 /root-fs/tmp \
 && cp bin/uvgo /root-fs/usr/local/bin/ \
 && ldd bin/uvgo | grep -oE '/[^ ]+' | xargs -I{} cp -L --parents {} /root-fs \
 && cp third_party/libuv/build/LICENSE* /root-fs/usr/share/doc/libuv/ \
 && cp LICENSE NOTICE /root-fs/usr/share/doc/uvgo/ \
 && cp --parents /usr/share/doc/libc6/copyright /root-fs \
 && echo 'uvgo:x:65532:65532:uvgo:/:/nonexistent' >/root-fs/etc/passwd \
 && echo 'uvgo:x:65532:' >/root-fs/etc/group \
 && echo 'hosts: files dns' >/root-fs/etc/nsswitch.conf

FROM scratch
COPY --from=build /root-fs/ /
USER 65532:65532
EXPOSE 8888
# uvgo drains on SIGTERM: it stops accepting, flushes what is queued and exits with status 0.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=2s --retries=3 \
  CMD ["/usr/local/bin/uvgo", "health", "tcp://127.0.0.1:8888"]
ENTRYPOINT ["/usr/local/bin/uvgo"]
CMD ["echo", "--listen", "tcp://:8888"]
