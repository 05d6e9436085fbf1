# Writes revision.hpp with the commit and whether the tree differs from it, at each build.
set(revision_header ${CMAKE_BINARY_DIR}/generated/nuvlasov_revision.hpp)
add_custom_target(nuvlasov_revision
  COMMAND ${CMAKE_COMMAND} -DSOURCE=${PROJECT_SOURCE_DIR} -DHEADER=${revision_header}
          -DVERSION=${PROJECT_VERSION} -P ${CMAKE_CURRENT_LIST_DIR}/write_revision.cmake
  BYPRODUCTS ${revision_header} COMMENT "Commit of the source tree")
