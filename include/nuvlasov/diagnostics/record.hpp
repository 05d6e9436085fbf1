/// \file
/// One row of the history.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "nuvlasov/units.hpp"

namespace nuvlasov::diagnostics {

/// What a column of the history is.
struct Column {
  std::string name;
  units::Quantity quantity;
  std::string long_name;
};

/// The values of all columns at one time, in the order of Ledger::columns().
struct Record {
  std::vector<double> values;
};

/// A row as it is written: each value together with what it is.
class Report {
 public:
  void add(std::string name, const units::Quantity& quantity, std::string long_name, double value) {
    columns_.push_back({std::move(name), quantity, std::move(long_name)});
    record_.values.push_back(value);
  }
  const std::vector<Column>& columns() const { return columns_; }
  const Record& record() const { return record_; }

 private:
  std::vector<Column> columns_;
  Record record_;
};

}  // namespace nuvlasov::diagnostics
