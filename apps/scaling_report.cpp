#include "scaling_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <map>
#include <optional>

#include "data_file.hpp"

namespace nuvlasov::scaling {
namespace {

constexpr const char* dimension = "case";

using Value = std::function<double(const Measurement&)>;

std::vector<double> values_of(const Series& series, const Value& value) {
  std::vector<double> values;
  values.reserve(series.repetitions.size());
  for (const Measurement& measurement : series.repetitions) values.push_back(value(measurement));
  std::sort(values.begin(), values.end());
  return values;
}

/// Of an even number the mean of the two in the middle.
double median(const Series& series, const Value& value) {
  const std::vector<double> values = values_of(series, value);
  return 0.5 * (values[(values.size() - 1) / 2] + values[values.size() / 2]);
}

double spread(const Series& series, const Value& value) {
  const std::vector<double> values = values_of(series, value);
  return values.back() - values.front();
}

double step_seconds(const Measurement& measurement) { return measurement.largest[step]; }

/// Seconds of all messages of a step.
double sending_seconds(const Measurement& of, const phase_space::Machine& machine) {
  const auto sent = phase_space::communication(of.share, of.grid, of.ghosts);
  const phase_space::AllReduction small{.ranks = of.grid.size(), .bytes = sizeof(double)};
  return of.right_hand_sides * (seconds(sent.halo, machine) + seconds(sent.moments, machine)) +
         of.reductions * seconds(small, machine);
}

double computing_seconds(const Measurement& of, const phase_space::Machine& machine) {
  return of.right_hand_sides * machine.node_seconds *
         phase_space::worked_nodes(of.share, of.ghosts);
}

double rate_per_core(const Series& series) {
  const Measurement& of = series.repetitions.front();
  return of.nodes * of.right_hand_sides / (median(series, step_seconds) * series.test.ranks);
}

const Series& on_fewest_ranks(const std::vector<Series>& all, std::optional<Kind> kind = {}) {
  const Series* fewest = nullptr;
  for (const Series& series : all)
    if ((!kind || series.test.kind == *kind) &&
        (fewest == nullptr || series.test.ranks < fewest->test.ranks))
      fewest = &series;
  return *fewest;
}

/// The columns in order; the first measurement has what all repetitions share.
class Table {
 public:
  explicit Table(const std::vector<Series>& all) : all_(all) {}

  void add(const std::string& name, const std::string& units, const std::string& long_name,
           const std::function<double(const Series&)>& value) {
    std::vector<double> values;
    values.reserve(all_.size());
    for (const Series& series : all_) values.push_back(value(series));
    columns_.push_back({name, units, long_name, std::move(values)});
  }
  void add_shared(const std::string& name, const std::string& units, const std::string& long_name,
                  const Value& value) {
    add(name, units, long_name,
        [&](const Series& series) { return value(series.repetitions.front()); });
  }
  std::vector<Column> take() { return std::move(columns_); }

 private:
  const std::vector<Series>& all_;
  std::vector<Column> columns_;
};

double column(const std::vector<Column>& columns, const char* name, std::size_t row) {
  const auto found = std::find_if(columns.begin(), columns.end(),
                                  [&](const Column& one) { return one.name == name; });
  return found->values.at(row);
}

std::string machine_text(const phase_space::Machine& machine) {
  return fmt::format("latency {:.3g} us, bandwidth {:.3g} GB/s, {:.3g} ns a node",
                     1e6 * machine.latency, 1e-9 * machine.bandwidth, 1e9 * machine.node_seconds);
}

double right_hand_side_seconds(const Problem& problem, const phase_space::ProcessGrid& grid,
                               const phase_space::Machine& machine) {
  return phase_space::seconds_per_right_hand_side(grid, problem.z, problem.momentum,
                                                  problem.ghosts(), machine);
}

/// The fastest grid for each choice of axes to split, by the name of the choice.
std::map<std::string, phase_space::ProcessGrid> fastest_grids(const Problem& problem, int ranks,
                                                              const phase_space::Machine& machine) {
  std::map<std::string, phase_space::ProcessGrid> fastest;
  for (const phase_space::ProcessGrid& grid : phase_space::possible_process_grids(
           ranks, problem.z, problem.momentum, problem.ghosts(), problem.process_grid)) {
    const std::string split =
        fmt::format("z{}{}", grid.energy > 1 ? ", E" : "", grid.angle > 1 ? ", angle" : "");
    const auto [best, first] = fastest.try_emplace(split, grid);
    if (!first && right_hand_side_seconds(problem, grid, machine) <
                      right_hand_side_seconds(problem, best->second, machine))
      best->second = grid;
  }
  return fastest;
}

}  // namespace

double calibrate(const std::vector<Series>& all, const phase_space::Machine& network) {
  const Series& series = on_fewest_ranks(all);
  const Measurement& of = series.repetitions.front();
  phase_space::Machine unit = network;
  unit.node_seconds = 1.0;
  return (median(series, step_seconds) - sending_seconds(of, network)) /
         computing_seconds(of, unit);
}

std::vector<Column> tabulate(const std::vector<Series>& all, const phase_space::Machine& machine) {
  Table table(all);
  table.add("weak_scaling", "1", "1 where z grows with the ranks, 0 where the problem stays",
            [](const Series& series) { return series.test.kind == Kind::weak ? 1.0 : 0.0; });
  table.add("ranks", "1", "number of ranks",
            [](const Series& series) { return series.test.ranks; });
  table.add_shared("ranks_z", "1", "ranks along z", [](const Measurement& m) { return m.grid.z; });
  table.add_shared("ranks_energy", "1", "ranks along energy",
                   [](const Measurement& m) { return m.grid.energy; });
  table.add_shared("ranks_angle", "1", "ranks along angle",
                   [](const Measurement& m) { return m.grid.angle; });
  table.add_shared("nodes", "1", "nodes of phase space",
                   [](const Measurement& m) { return m.nodes; });
  table.add_shared("nodes_per_rank", "1", "nodes of the rank that has most",
                   [](const Measurement& m) { return m.share.nodes(); });
  table.add("right_hand_sides", "1", "right-hand sides in a step", [](const Series& series) {
    return median(series, [](const Measurement& m) { return m.right_hand_sides; });
  });
  for (std::size_t p = 0; p < phases; ++p) {
    const std::string name = phase_texts.at(p).name;
    const std::string meaning = phase_texts.at(p).meaning;
    const Value largest = [p](const Measurement& m) { return m.largest.at(p); };
    const Value mean = [p](const Measurement& m) { return m.mean.at(p); };
    table.add(name + "_max", "s", meaning + ": largest over ranks, median of the repetitions",
              [&](const Series& series) { return median(series, largest); });
    table.add(name + "_mean", "s", meaning + ": mean over ranks, median of the repetitions",
              [&](const Series& series) { return median(series, mean); });
    table.add(name + "_spread", "s",
              meaning + ": largest less smallest of the repetitions' largest over ranks",
              [&](const Series& series) { return spread(series, largest); });
  }
  table.add("throughput", "1/s", "node right-hand sides per second and core", rate_per_core);
  table.add("efficiency", "1", "throughput over that on the fewest ranks of the same scaling",
            [&](const Series& series) {
              return rate_per_core(series) / rate_per_core(on_fewest_ranks(all, series.test.kind));
            });
  const Value triad = [](const Measurement& m) { return m.triad; };
  table.add("triad", "B/s", "STREAM triad of each core, all ranks at once, median",
            [&](const Series& series) { return median(series, triad); });
  table.add("triad_spread", "B/s", "STREAM triad of each core, largest less smallest",
            [&](const Series& series) { return spread(series, triad); });
  table.add_shared("messages", "1", "messages with ghosts that a rank sends for a right-hand side",
                   [](const Measurement& m) {
                     return phase_space::communication(m.share, m.grid, m.ghosts).halo.messages;
                   });
  table.add_shared("message_bytes", "B", "bytes of those", [](const Measurement& m) {
    return phase_space::communication(m.share, m.grid, m.ghosts).halo.bytes;
  });
  table.add_shared("moments_bytes", "B", "bytes of moments that a rank adds to those of others",
                   [](const Measurement& m) {
                     return phase_space::communication(m.share, m.grid, m.ghosts).moments.bytes;
                   });
  table.add_shared("predicted_step", "s", "a step by the model: computing and sending",
                   [&](const Measurement& m) {
                     return computing_seconds(m, machine) + sending_seconds(m, machine);
                   });
  table.add_shared("predicted_sending", "s", "sending in a step by the model",
                   [&](const Measurement& m) { return sending_seconds(m, machine); });
  return table.take();
}

std::string text_of(const std::vector<Series>& all, const std::vector<Column>& columns,
                    const phase_space::Machine& machine) {
  std::string text =
      fmt::format("{}\n{:<12}{:<14}{:>12}{:>11}{:>9}{:>11}{:>12}{:>17}\n", machine_text(machine),
                  "case", "z x E x angle", "nodes/rank", "step, ms", "spread", "model, ms",
                  "efficiency", "triad GB/s/core");
  for (std::size_t row = 0; row < all.size(); ++row) {
    const auto value = [&](const char* name) { return column(columns, name, row); };
    text += fmt::format(
        "{:<12}{:<14}{:>12.4g}{:>11.4g}{:>7.1f} %{:>11.4g}{:>10.1f} %{:>17.2f}\n",
        all[row].test.name(),
        fmt::format("{} x {} x {}", value("ranks_z"), value("ranks_energy"), value("ranks_angle")),
        value("nodes_per_rank"), 1e3 * value("step_max"),
        100.0 * value("step_spread") / value("step_max"), 1e3 * value("predicted_step"),
        100.0 * value("efficiency"), 1e-9 * value("triad"));
  }
  return text;
}

void write_csv(const std::string& path, const std::vector<Series>& all,
               const std::vector<Column>& columns) {
  std::ofstream out(path);
  out << dimension;
  for (const Column& one : columns) out << "," << one.name;
  for (std::size_t row = 0; row < all.size(); ++row) {
    out << "\n" << all[row].test.name();
    for (const Column& one : columns) out << fmt::format(",{}", one.values[row]);
  }
  out << "\n";
  out.close();
  if (!out) throw IoError("cannot write " + path);
}

void write_hdf5(const std::string& path, const std::vector<Series>& all,
                const std::vector<Column>& columns, const Conditions& conditions,
                const io::Provenance& provenance) {
  std::vector<std::string> names;
  names.reserve(all.size());
  for (const Series& series : all) names.push_back(series.test.name());
  DataFile file(path);
  io::write_provenance(file.id(), "scaling", provenance);
  const auto attribute = [&](const char* name, auto value) {
    io::hdf5::write_attribute(file.id(), name, value);
  };
  attribute("latency", conditions.machine.latency);
  attribute("bandwidth", conditions.machine.bandwidth);
  attribute("node_seconds", conditions.machine.node_seconds);
  attribute("steps", static_cast<long long>(conditions.steps));
  attribute("warm_up_steps", static_cast<long long>(conditions.warm_up));
  attribute("repetitions", static_cast<long long>(all.front().repetitions.size()));
  io::hdf5::create_label_coordinate(file.id(), dimension, names, "kind of scaling and ranks");
  for (const Column& one : columns)
    file.variable(one.name.c_str(), {dimension}, one.values, {one.units, one.long_name});
  file.close();
}

std::string predict(const Problem& problem, const std::vector<int>& ranks,
                    const phase_space::Machine& machine) {
  const double alone = machine.node_seconds * problem.nodes();
  std::string text = fmt::format(
      "{}; one right-hand side\n{:>8}  {:<12}{:<16}{:>11}{:>11}{:>11}{:>12}{:>11}{:>12}\n",
      machine_text(machine), "ranks", "split", "z x E x angle", "nodes/rank", "halo kB", "messages",
      "moments kB", "time, us", "efficiency");
  for (const int count : ranks) {
    try {
      for (const auto& [split, grid] : fastest_grids(problem, count, machine)) {
        const auto share = phase_space::largest_share(grid, problem.z, problem.momentum);
        const auto sent = phase_space::communication(share, grid, problem.ghosts());
        const double time = right_hand_side_seconds(problem, grid, machine);
        text += fmt::format(
            "{:>8}  {:<12}{:<16}{:>11.4g}{:>11.4g}{:>11}{:>12.3g}{:>11.4g}{:>10.1f} %\n", count,
            split, fmt::format("{} x {} x {}", grid.z, grid.energy, grid.angle), share.nodes(),
            1e-3 * sent.halo.bytes, sent.halo.messages, 1e-3 * sent.moments.bytes, 1e6 * time,
            100.0 * alone / (time * count));
      }
    } catch (const phase_space::DecompositionError& error) {
      text += fmt::format("{:>8}  {}\n", count, error.what());
    }
  }
  return text;
}

}  // namespace nuvlasov::scaling
