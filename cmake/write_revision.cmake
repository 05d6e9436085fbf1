execute_process(COMMAND git -C ${SOURCE} rev-parse --short=12 HEAD OUTPUT_VARIABLE commit
                OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
if(failed)
  set(commit "unknown")
  set(dirty "false")
else()
  execute_process(COMMAND git -C ${SOURCE} status --porcelain OUTPUT_VARIABLE changes ERROR_QUIET)
  if(changes STREQUAL "")
    set(dirty "false")
  else()
    set(dirty "true")
  endif()
endif()
set(content "#pragma once
namespace nuvlasov::revision {
inline constexpr const char* version = \"${VERSION}\";
inline constexpr const char* commit = \"${commit}\";
inline constexpr bool dirty = ${dirty};
}  // namespace nuvlasov::revision
")
if(EXISTS ${HEADER})
  file(READ ${HEADER} old)
endif()
if(NOT content STREQUAL "${old}")
  file(WRITE ${HEADER} "${content}")
endif()
