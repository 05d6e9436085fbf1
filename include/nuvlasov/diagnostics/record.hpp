/// \file
/// One row of the history.
#pragma once

#include <string>
#include <vector>

namespace nuvlasov::diagnostics {

/// What a column of the history is.
struct Column {
  std::string name;
  std::string units;
  std::string long_name;
};

/// The values of all columns at one time, in the order of Ledger::columns().
struct Record {
  std::vector<double> values;
};

}  // namespace nuvlasov::diagnostics
