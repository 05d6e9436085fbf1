# cmake --build BUILD --target docs: the book in BUILD/docs/index.html, with the API of the library in BUILD/docs/api.
# Warnings are errors, and no network is needed. Test "docs.build" does the same. What is not installed is left out,
# and said so.
nuvlasov_find_python(NUVLASOV_DOCS_PYTHON OPTIONAL furo myst_parser sphinx)
find_program(NUVLASOV_DOXYGEN doxygen)
mark_as_advanced(NUVLASOV_DOXYGEN)

set(NUVLASOV_DOCS_OUTPUT ${PROJECT_BINARY_DIR}/docs)
configure_file(${PROJECT_SOURCE_DIR}/docs/Doxyfile.in ${PROJECT_BINARY_DIR}/Doxyfile @ONLY)
set(book echo "SKIPPED: no book. It needs Python with furo, myst_parser and sphinx: install them and run cmake again")
if(NUVLASOV_DOCS_PYTHON)
  set(book env PYTHONDONTWRITEBYTECODE=1 ${NUVLASOV_DOCS_PYTHON} -m sphinx -W --keep-going -n -q -b html
    -d ${PROJECT_BINARY_DIR}/docs.cache ${PROJECT_SOURCE_DIR}/docs ${NUVLASOV_DOCS_OUTPUT})
endif()
set(api echo "SKIPPED: no API of the library. It needs doxygen: install it and run cmake again")
if(NUVLASOV_DOXYGEN)
  set(api env ${NUVLASOV_DOXYGEN} ${PROJECT_BINARY_DIR}/Doxyfile)
endif()
add_custom_target(docs
  COMMAND ${CMAKE_COMMAND} -E make_directory ${NUVLASOV_DOCS_OUTPUT}
  COMMAND ${CMAKE_COMMAND} -E ${book}
  COMMAND ${CMAKE_COMMAND} -E ${api}
  COMMENT "Documentation in ${NUVLASOV_DOCS_OUTPUT}" VERBATIM)

if(NUVLASOV_TESTS)
  add_test(NAME docs.build COMMAND ${CMAKE_COMMAND} --build ${PROJECT_BINARY_DIR} --target docs)
  set_tests_properties(docs.build PROPERTIES LABELS docs TIMEOUT 300 SKIP_REGULAR_EXPRESSION "SKIPPED: ")
endif()
