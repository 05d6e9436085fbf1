# cmake --install BUILD [--prefix PREFIX]: programs, library and headers for
# find_package(nuvlasov), and below share/nuvlasov, laid out as in the source tree, inputs, job scripts
# and documentation. The result can be moved. Spack, modules and containers install by this.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(package_directory ${CMAKE_INSTALL_LIBDIR}/cmake/nuvlasov)
install(TARGETS nuvlasov EXPORT nuvlasovTargets INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS nuvlasov_main nuvlasov_bench nuvlasov_scaling)
install(DIRECTORY include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT nuvlasovTargets NAMESPACE nuvlasov:: DESTINATION ${package_directory})
configure_package_config_file(cmake/nuvlasovConfig.cmake.in nuvlasovConfig.cmake
  INSTALL_DESTINATION ${package_directory} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(nuvlasovConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/nuvlasovConfig.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/nuvlasovConfigVersion.cmake
        DESTINATION ${package_directory})
install(FILES cmake/Dependencies.cmake DESTINATION ${package_directory}
        RENAME nuvlasovDependencies.cmake)

set(share ${CMAKE_INSTALL_DATADIR}/nuvlasov)
install(DIRECTORY docs inputs DESTINATION ${share})
install(DIRECTORY jobscripts DESTINATION ${share} USE_SOURCE_PERMISSIONS)
install(FILES CHANGELOG.md CITATION.cff CONTRIBUTING.md LICENSE README.md DESTINATION ${share})
install(FILES src/README.md DESTINATION ${share}/src)
install(DIRECTORY apps/nuvlasov_post DESTINATION ${share}/python FILES_MATCHING PATTERN "*.py"
        PATTERN __pycache__ EXCLUDE)
file(RELATIVE_PATH post_modules /${CMAKE_INSTALL_BINDIR} /${share}/python)
nuvlasov_post_command(${CMAKE_CURRENT_BINARY_DIR}/installed/nuvlasov-post "$here/${post_modules}")
install(PROGRAMS ${CMAKE_CURRENT_BINARY_DIR}/installed/nuvlasov-post
        DESTINATION ${CMAKE_INSTALL_BINDIR})
