/// \file
/// The matter that a configuration asks for.
#pragma once

#include <petscsys.h>

#include <vector>

#include "nuvlasov/config/reader.hpp"
#include "nuvlasov/phase_space/z_axis.hpp"

namespace nuvlasov {

/// lambda (mu) of each cell in z; empty: none. Reads a table. Collective.
/// \throws InputError for a profile that the box cannot hold
std::vector<double> make_matter(const config::Configuration& configuration,
                                const phase_space::ZAxis& z, MPI_Comm comm);

}  // namespace nuvlasov
