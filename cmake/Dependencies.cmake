# What the library nuvlasov stands on, for the build and, installed beside nuvlasovConfig.cmake, for
# those who link it: MPI::MPI_CXX, PkgConfig::PETSC, PkgConfig::HDF5, nuvlasov::hdf5_hl,
# LAPACK::LAPACK, fmt::fmt, nuvlasov::toml. NUVLASOV_PETSC_DIR chooses PETSc, and what lies beside it.
set(nuvlasov_pkg_config_path "$ENV{PKG_CONFIG_PATH}")
if(NUVLASOV_PETSC_DIR)
  if(NOT EXISTS ${NUVLASOV_PETSC_DIR}/lib/pkgconfig/PETSc.pc)
    message(FATAL_ERROR "NUVLASOV_PETSC_DIR: ${NUVLASOV_PETSC_DIR} has no lib/pkgconfig/PETSc.pc")
  endif()
  set(ENV{PKG_CONFIG_PATH} "${NUVLASOV_PETSC_DIR}/lib/pkgconfig:$ENV{PKG_CONFIG_PATH}")
endif()
find_package(MPI REQUIRED COMPONENTS CXX)
find_package(PkgConfig REQUIRED)
pkg_check_modules(PETSC REQUIRED IMPORTED_TARGET PETSc>=3.18)
# PETSc stands on LAPACK, but does not hand it on to those who link PETSc.
find_package(LAPACK REQUIRED)
# FindHDF5 takes the serial library for C++, or whichever of two it sees first: ask pkg-config.
pkg_search_module(HDF5 REQUIRED IMPORTED_TARGET hdf5-openmpi hdf5-mpich hdf5)
find_library(HDF5_HL_LIBRARY NAMES hdf5_openmpi_hl hdf5_hl HINTS ${HDF5_LIBRARY_DIRS} REQUIRED)
find_package(fmt REQUIRED)
# Built by Meson, as in Debian, toml++ is a library with a .pc; built by CMake, as in Spack, it is
# headers with a CMake package.
pkg_check_modules(TOMLPLUSPLUS QUIET IMPORTED_TARGET tomlplusplus)
if(NOT TOMLPLUSPLUS_FOUND)
  find_package(tomlplusplus REQUIRED)
endif()
if(NOT TARGET nuvlasov::toml)
  add_library(nuvlasov::toml INTERFACE IMPORTED)
  set_target_properties(nuvlasov::toml PROPERTIES INTERFACE_LINK_LIBRARIES
    $<IF:$<TARGET_EXISTS:PkgConfig::TOMLPLUSPLUS>,PkgConfig::TOMLPLUSPLUS,tomlplusplus::tomlplusplus>)
  add_library(nuvlasov::hdf5_hl UNKNOWN IMPORTED)
  set_target_properties(nuvlasov::hdf5_hl PROPERTIES IMPORTED_LOCATION ${HDF5_HL_LIBRARY})
endif()
set(ENV{PKG_CONFIG_PATH} "${nuvlasov_pkg_config_path}")
