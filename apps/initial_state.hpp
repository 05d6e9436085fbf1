/// \file
/// The initial state that a configuration asks for, and whether it can be one.
#pragma once

#include <petscsys.h>

#include <memory>
#include <vector>

#include "nuvlasov/config/reader.hpp"
#include "nuvlasov/initial/beams.hpp"
#include "nuvlasov/initial/table.hpp"
#include "nuvlasov/physics/inflow.hpp"
#include "nuvlasov/stability/linear_stability.hpp"

namespace nuvlasov {

/// \throws InputError blaming `key` for a file that cannot be read or is no table. Collective.
initial::Table read_table(const config::Configuration& configuration, const std::string& key,
                          const std::string& path, const initial::Table::Axis& axis, MPI_Comm comm);

/// An initial state without its seeds, integrated over energy: of any initial.type but "file".
/// Reads tables. Collective. \throws InputError for an angular spectrum that cannot be
initial::Background make_background(const config::Configuration& configuration,
                                    const phase_space::MomentumGrid& grid, MPI_Comm comm);

/// The pairs of flavors that initial.pairs names.
std::vector<flavor::FlavorPair> chosen_pairs(const config::Input& input);
/// "e_mu".
std::string name_of(flavor::FlavorPair pair);

/// What enters through open ends: the initial state there without its seeds, or vacuum. Collective.
/// \throws InputError as make_initial_state() does
physics::InflowState make_inflow(const config::Configuration& configuration,
                                 const phase_space::ZAxis& z,
                                 const phase_space::MomentumGrid& momentum, MPI_Comm comm);

/// The linear theory of a background that `configuration` describes, for the coherence of two
/// flavors. \param polarization  the difference of their occupations in each direction
/// \throws InputError when the polarizations are too large to be added
stability::LinearStability make_stability(const config::Configuration& configuration,
                                          const phase_space::MomentumGrid& grid,
                                          std::vector<double> polarization);

/// Largest |n| of the modes that the cells in z can tell apart.
Index highest_box_mode(const phase_space::ZAxis& z);

/// \throws InputError when initial.path does not hold a state on this grid. Collective.
void check_initial_file(const config::Configuration& configuration, const phase_space::ZAxis& z,
                        const phase_space::MomentumGrid& grid, MPI_Comm comm);

/// rho(z, E_i, v_k) = spectrum_i beams(z, k); both absent for initial.type = "file".
struct InitialState {
  std::vector<double> spectrum;
  std::unique_ptr<initial::Beams> beams;
};

/// Reads tables and looks at initial files. Collective.
/// \throws InputError for a spectrum that the grid cannot hold, or a file that does not fit
InitialState make_initial_state(const config::Configuration& configuration,
                                const phase_space::ZAxis& z,
                                const phase_space::MomentumGrid& momentum, MPI_Comm comm);

/// What rho holds in a part of phase space.
struct OccupationRange {
  double smallest = 0.0, largest = 0.0;  ///< eigenvalues
  double largest_trace = 0.0;            ///< P0
  bool finite = true;                    ///< so are all components

  /// \param nodes  [node][component]
  void include(const double* nodes, Index count, int flavors);
  PetscErrorCode reduce(MPI_Comm comm);
};

/// \throws InputError for an initial state that is not finite, is empty or holds an occupation
/// above 1, or, if not from a file, one below 0 by more than diagnostics.negativity_limit
void check_occupation(const config::Configuration& configuration, const OccupationRange& range);

/// The same without a state: from one energy of each z plane, or from a file plane by plane.
/// Collective.
PetscErrorCode check_initial_state(const config::Configuration& configuration,
                                   const phase_space::ZAxis& z,
                                   const phase_space::MomentumGrid& momentum,
                                   const InitialState& initial, MPI_Comm comm);

}  // namespace nuvlasov
