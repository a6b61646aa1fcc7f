#!/usr/bin/env bash
# Builds the GPU check as one self-contained file, and runs it where an NVIDIA driver is found.
#   eng/gpu-check.sh [--build-only] [--list] [options of the program; --help shows them]
# The file, artifacts/gpu-check/gpu-check, needs nothing but the driver: copy it to another machine and start it there.
# Exit code: 0 everything correct, 1 something wrong, 2 a wrong option or a failed build, 3 no CUDA device.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

bundle=artifacts/gpu-check/gpu-check
most=$((60 * 1024 * 1024))

build() {
  dotnet publish bench/KvCache.GpuCheck -c Release -r linux-x64 --self-contained --verbosity quiet \
    -p:PublishSingleFile=true -p:EnableCompressionInSingleFile=true -p:IncludeNativeLibrariesForSelfExtract=true \
    -o "$(dirname "$bundle")" >&2 || exit 2
  local bytes
  bytes=$(stat -c %s "$bundle")
  echo "$bundle: $((bytes / 1024 / 1024)) MiB" >&2
  [ "$bytes" -le "$most" ] || { echo "error: the bundle has $bytes bytes; at most $most are wanted" >&2; exit 2; }
}

# A machine that was handed the file alone has no SDK to build it with.
if command -v dotnet >/dev/null; then
  build
elif [ ! -x "$bundle" ]; then
  echo "error: neither the .NET SDK nor $bundle is here" >&2
  exit 2
fi

for argument in "$@"; do
  [ "$argument" != --build-only ] || exit 0
done
exec "$bundle" "$@"
