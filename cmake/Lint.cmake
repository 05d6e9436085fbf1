# Targets format, format-check, tidy and shellcheck; tests "format", "tidy" and "shellcheck", label lint.
foreach(task IN ITEMS format format-check tidy shellcheck)
  add_custom_target(${task} COMMAND ${CMAKE_CURRENT_LIST_DIR}/lint.sh ${task} ${CMAKE_BINARY_DIR}
                    USES_TERMINAL VERBATIM)
endforeach()
add_dependencies(tidy nuvlasov_revision)

if(NUVLASOV_TESTS)
  include(ProcessorCount)
  ProcessorCount(processors)
  add_test(NAME format COMMAND ${CMAKE_CURRENT_LIST_DIR}/lint.sh format-check)
  add_test(NAME tidy COMMAND ${CMAKE_CURRENT_LIST_DIR}/lint.sh tidy ${CMAKE_BINARY_DIR})
  add_test(NAME shellcheck COMMAND ${CMAKE_CURRENT_LIST_DIR}/lint.sh shellcheck)
  # tidy keeps all processors busy: tests of timing and of several ranks wait for it.
  set_tests_properties(tidy PROPERTIES PROCESSORS ${processors})
  set_tests_properties(format shellcheck tidy PROPERTIES LABELS lint SKIP_RETURN_CODE 77)
endif()
