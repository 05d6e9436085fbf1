#!/bin/sh
# lint.sh format | format-check | tidy BUILD_DIRECTORY: at the root of the tree, with the C++ files in
# it. Exits with 77 when the tool is not there. Other versions format otherwise and find other
# things, so that only this one is taken.
set -eu
cd "$(dirname "$0")/.."
version=14

# Names the first command of this version.
tool() {
  for name in "$1-$version" "$1"; do
    if "$name" --version 2>/dev/null | grep -q "version $version\."; then
      echo "$name"
      return
    fi
  done
  echo "SKIPPED: $1 $version is not installed" >&2
  exit 77
}

case $1 in
  format | format-check)
    format=$(tool clang-format)
    [ "$1" = format ] && options=-i || options='--dry-run -Werror'
    # shellcheck disable=SC2086
    find apps include src tests -name '*.[ch]pp' -exec "$format" $options {} +
    ;;
  tidy)
    tidy=$(tool clang-tidy)
    find apps src -name '*.cpp' -print0 | xargs -0 -n 1 -P "$(nproc)" "$tidy" --quiet -p "$2"
    ;;
esac
