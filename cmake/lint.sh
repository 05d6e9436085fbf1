#!/bin/sh
# lint.sh format | format-check | tidy BUILD_DIRECTORY | shellcheck: at the root of the tree, with the
# C++ files and the shell scripts in it. Exits with 77 when the tool is not there. Other versions
# format otherwise and find other things, so that only these are taken.
set -eu
cd "$(dirname "$0")/.."
llvm=14
shellcheck=0.9

# tool NAME VERSION: the first command of this version.
tool() {
  for name in "$1-$2" "$1"; do
    if "$name" --version 2>/dev/null | grep -q "version:* $2\."; then
      echo "$name"
      return
    fi
  done
  echo "SKIPPED: $1 $2 is not installed" >&2
  exit 77
}

case $1 in
  format | format-check)
    format=$(tool clang-format "$llvm")
    [ "$1" = format ] && options=-i || options='--dry-run -Werror'
    # shellcheck disable=SC2086
    find apps include src tests -name '*.[ch]pp' -exec "$format" $options {} +
    ;;
  tidy)
    tidy=$(tool clang-tidy "$llvm")
    find apps src -name '*.cpp' -print0 | xargs -0 -n 1 -P "$(nproc)" "$tidy" --quiet -p "$2"
    ;;
  shellcheck)
    check=$(tool shellcheck "$shellcheck")
    "$check" quickstart .ci/run apps/nuvlasov-post.in cmake/*.sh jobscripts/*.sh
    ;;
esac
