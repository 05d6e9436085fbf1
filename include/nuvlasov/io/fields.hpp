/// \file
/// Fields over phase space: snapshots of the density matrix, its marginals against time, and
/// reading it back.
#pragma once

#include <string>

#include "nuvlasov/io/provenance.hpp"
#include "nuvlasov/phase_space/decomposition.hpp"

namespace nuvlasov::io {

/// Name of the density matrix [z, energy, angle, component] in snapshots and initial files.
inline constexpr const char* density_matrix_name = "rho";

/// What all field files need to know.
struct FieldContext {
  const phase_space::ZAxis& z;
  const phase_space::MomentumGrid& momentum;
  const phase_space::Decomposition& decomposition;
  const Provenance& provenance;
};

/// The axes of phase space in a new file: z, energy, angle and component. By one rank alone.
void create_phase_space_coordinates(hid_t file, const FieldContext& context);

/// The part of a [z, energy, angle, component] dataset that a rank owns.
hdf5::Block owned_block(const phase_space::Box& box);

/// snapshots/NNNNNN.h5 with the whole density matrix, written by all ranks at once, and
/// snapshots.xdmf beside them for ParaView.
class Snapshots {
 public:
  /// \param directory  of the run; must exist
  Snapshots(const FieldContext& context, std::string directory);

  /// Writes one snapshot under another name and then renames it. Collective.
  /// \param state  owned nodes [z][energy][angle][component]
  /// \throws IoError
  void write(const double* state, double time, Index step);

  /// Bytes of one snapshot's density matrix.
  static double bytes(const phase_space::ZAxis& z, const phase_space::MomentumGrid& momentum);

 private:
  void write_xdmf() const;

  FieldContext context_;
  std::string directory_;
  std::vector<double> times_;
};

/// profiles.h5: the two marginals of the density matrix against time,
///
///     polarization_density[time, z, angle, component]  = sum_E dE rho
///     spectrum[time, energy, angle, component]         = int dz rho
class Profiles {
 public:
  Profiles(const FieldContext& context, std::string path);
  /// Appends one time. Collective. \throws IoError
  void append(const double* state, double time);

 private:
  FieldContext context_;
  std::string path_;
  hsize_t written_ = 0;
};

/// Checks that `path` holds dataset `rho` with the shape of the grid. By one rank alone.
/// \throws InputError for a missing file or dataset, another shape or type
void check_density_matrix(const std::string& path, const phase_space::ZAxis& z,
                          const phase_space::MomentumGrid& momentum);

/// Reads dataset `rho` of a checked file into the owned nodes. Collective.
/// \throws IoError
void read_density_matrix(const std::string& path, const phase_space::Decomposition& decomposition,
                         double* state);

}  // namespace nuvlasov::io
