"""Spack (1.0 or newer) recipe: spack repo add cmake/packaging/spack_repo/nuvlasov && spack install nuvlasov."""

from pathlib import Path

from spack_repo.builtin.build_systems.cmake import CMakePackage, generator

from spack.package import *


class Nuvlasov(CMakePackage):
    """Phase-space evolution of mixed neutrinos with a closed energy budget."""

    # Versions come from the clone that this recipe is in.
    git = Path(__file__).resolve().parents[6].as_uri()

    version("main", branch="main")

    variant("native", default=False, description="-march=native in place of Spack's target")
    variant("int64", default=False, description="PETSc with 64-bit indices, for grids beyond 2^31 unknowns")
    variant("tests", default=False, description="Build the tests, for ctest")

    generator("ninja")

    depends_on("cxx", type="build")
    depends_on("cmake@3.25:", type="build")
    depends_on("ninja", type="build")
    depends_on("pkgconfig", type="build")

    depends_on("mpi")
    depends_on("petsc@3.18:+mpi+double~complex")
    depends_on("petsc+int64", when="+int64")
    depends_on("petsc~int64", when="~int64")
    depends_on("lapack")
    depends_on("hdf5+mpi+hl")
    depends_on("tomlplusplus")
    depends_on("cli11")
    depends_on("fmt")
    depends_on("eigen", type="build")

    depends_on("python@3.11:", type=("build", "run"))
    depends_on("py-h5py", type=("build", "run"))
    depends_on("py-numpy", type=("build", "run"))
    depends_on("py-matplotlib", type=("build", "run"))

    with when("+tests"):
        depends_on("googletest")
        depends_on("py-xarray", type=("build", "run"))
        depends_on("py-h5netcdf", type=("build", "run"))
        depends_on("py-pytest", type=("build", "run"))

    conflicts("%gcc@:10", msg="nuvlasov is C++20")

    def cmake_args(self):
        return [
            self.define("NUVLASOV_ARCH", "native" if self.spec.satisfies("+native") else ""),
            self.define_from_variant("NUVLASOV_TESTS", "tests"),
            self.define("NUVLASOV_PETSC_DIR", self.spec["petsc"].prefix),
            self.define("NUVLASOV_POST_PYTHON", self.spec["python"].command.path),
        ]
