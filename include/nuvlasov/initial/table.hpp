/// \file
/// A non-negative function given by a table.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nuvlasov::initial {

/// Values at points, linear in between: never negative, and monotone where the values are.
class Table {
 public:
  /// What the points are, and where they may lie.
  struct Axis {
    std::string name;  ///< "v"
    double lowest, highest;
    std::string range;  ///< the same in words
  };
  static Axis directions();  ///< v in [-1, 1]
  static Axis energies();    ///< E >= 0
  static Axis positions();   ///< z >= 0

  /// Reads a point and its value from each line, separated by blanks or a comma. The points rise or
  /// fall throughout. Empty lines, what follows a # and a first line without numbers are passed
  /// over. \param file  what to call the text in messages \throws std::invalid_argument naming file
  /// and line
  Table(std::string_view text, std::string file, const Axis& axis);

  /// The value at `x`: at a point of the table, to the bit the one that was read.
  /// \throws std::invalid_argument when `x` lies beyond the table
  double at(double x) const;

 private:
  std::string file_, name_;
  std::vector<double> points_, values_;  ///< points rising
};

}  // namespace nuvlasov::initial
