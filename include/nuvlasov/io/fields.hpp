/// \file
/// Fields over phase space: snapshots, marginals against time, and reading the density matrix back.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "nuvlasov/diagnostics/marginals.hpp"
#include "nuvlasov/diagnostics/phase_space_fields.hpp"
#include "nuvlasov/io/provenance.hpp"
#include "nuvlasov/phase_space/decomposition.hpp"

namespace nuvlasov::io {

/// What all field files need to know.
struct FieldContext {
  const phase_space::ZAxis& z;
  const phase_space::MomentumGrid& momentum;
  const phase_space::Decomposition& decomposition;
  const Provenance& provenance;
};

/// The axes of phase space in a new file: z, energy, angle and component. By one rank alone.
void create_phase_space_coordinates(hid_t file, const FieldContext& context);

/// The part of a [z, energy, angle] dataset that a rank owns, and for a matrix [component].
hdf5::Block owned_block(const phase_space::Box& box, bool matrix = true);

/// snapshots/NNNNNN.h5 with fields over phase space, [z, energy, angle] and for a matrix
/// [component], written by all ranks at once, and snapshots.xdmf beside them for ParaView.
class Snapshots {
 public:
  using Fields = std::vector<diagnostics::PhaseSpaceField>;

  /// \param directory  of the run; must exist
  /// \param times      of the snapshots that are there already; files beyond are removed
  Snapshots(const FieldContext& context, std::string directory, Fields fields,
            std::vector<double> times = {});

  const Fields& fields() const { return fields_; }
  const std::vector<double>& times() const { return times_; }
  /// Of the n-th, in the folder of snapshots.
  static std::string file_name(std::size_t n);

  /// One snapshot: begin() creates it under another name, write() fills in each field, publish()
  /// gives it its name. Collective. \throws IoError
  void begin(double time, Index step);
  /// \param values  owned nodes [z][energy][angle] and for a matrix [component]
  void write(const diagnostics::PhaseSpaceField& field, const double* values);
  void publish();

  /// Bytes of the fields of one snapshot.
  static double bytes(const phase_space::ZAxis& z, const phase_space::MomentumGrid& momentum,
                      const Fields& fields);

 private:
  std::string path() const;
  std::string partial_path() const { return path() + ".partial"; }
  void write_xdmf() const;

  FieldContext context_;
  std::string directory_;
  Fields fields_;
  std::vector<double> times_;  ///< of the published ones, and of the one in progress
};

/// profiles.h5: the marginals of the density matrix against time,
///
///     polarization_density[time, z, angle, component]  = sum_E dE rho
///     spectrum[time, energy, angle, component]         = int dz rho
///     energy_spectrum[time, energy, flavor]            = dN/dE
///     angular_spectrum[time, angle, flavor]            = dN/dv
class Profiles {
 public:
  /// \param records  to keep of a file that is there already; 0: a new file
  Profiles(const FieldContext& context, std::string path, hsize_t records = 0);
  hsize_t records() const { return written_; }
  /// Appends one time. Collective. \throws IoError
  void append(const diagnostics::Marginals& marginals, double time);

 private:
  FieldContext context_;
  std::string path_;
  hsize_t written_ = 0;
};

/// Checks that `path` holds dataset `rho` with the shape of the grid. By one rank alone.
/// \throws InputError for a missing file or dataset, another shape or type
void check_density_matrix(const std::string& path, const phase_space::ZAxis& z,
                          const phase_space::MomentumGrid& momentum);

/// Reads [energy][angle][component] at the j-th z of a checked file. By one rank alone.
/// \throws IoError
void read_density_matrix_plane(const std::string& path, const phase_space::MomentumGrid& momentum,
                               Index j, double* plane);

/// Calls visit(plane) with [energy][angle][component] at each z of a checked file. By one rank
/// alone. \throws IoError
void visit_density_matrix(const std::string& path, const phase_space::ZAxis& z,
                          const phase_space::MomentumGrid& momentum,
                          const std::function<void(const std::vector<double>& plane)>& visit);

/// Reads dataset `rho` of a checked file into the owned nodes. Collective.
/// \throws IoError
void read_density_matrix(const std::string& path, const phase_space::Decomposition& decomposition,
                         double* state);

}  // namespace nuvlasov::io
