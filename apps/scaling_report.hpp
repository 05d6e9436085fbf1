/// \file
/// Measurements of scaling beside what the model of communication.hpp predicts: as a table, CSV and
/// HDF5; and its predictions alone, for ranks that are not there.
#pragma once

#include <string>
#include <vector>

#include "nuvlasov/io/provenance.hpp"
#include "scaling_case.hpp"
#include "simulation.hpp"

namespace nuvlasov::scaling {

/// All repetitions of a case.
struct Series {
  Case test;
  std::vector<Measurement> repetitions;
};

/// What the measurements have in common.
struct Conditions {
  phase_space::Machine machine;  ///< node_seconds: calibrate()
  int steps = 0, warm_up = 0;
};

/// Time of a right-hand side of one node of phase space with its part of the step around it, from
/// the series on fewest ranks, less the messages there.
double calibrate(const std::vector<Series>& all, const phase_space::Machine& network);

/// One number for each series.
struct Column {
  std::string name, units, long_name;
  std::vector<double> values;
};

std::vector<Column> tabulate(const std::vector<Series>& all, const phase_space::Machine& machine);

/// For people.
std::string text_of(const std::vector<Series>& all, const std::vector<Column>& columns,
                    const phase_space::Machine& machine);

/// By one rank alone. \throws IoError
void write_csv(const std::string& path, const std::vector<Series>& all,
               const std::vector<Column>& columns);
void write_hdf5(const std::string& path, const std::vector<Series>& all,
                const std::vector<Column>& columns, const Conditions& conditions,
                const io::Provenance& provenance);

/// Of each kind of process grid (z split alone, z and energy, all three) the fastest on each number
/// of ranks, as the model sees it: what a rank sends, and the time of a right-hand side.
std::string predict(const Problem& problem, const std::vector<int>& ranks,
                    const phase_space::Machine& machine);

}  // namespace nuvlasov::scaling
