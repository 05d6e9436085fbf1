#include "nuvlasov/initial/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <stdexcept>
#include <utility>

namespace nuvlasov::initial {
namespace {

constexpr std::string_view blanks = " \t\r\v\f";

/// The line without its comment and the blanks around it.
std::string_view content(std::string_view line) {
  line = line.substr(0, line.find('#'));
  const std::size_t begin = line.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return line.substr(begin, line.find_last_not_of(blanks) - begin + 1);
}

/// What stands between blanks or single commas; nothing between two commas is an empty field.
std::vector<std::string_view> fields_of(std::string_view line) {
  std::vector<std::string_view> fields;
  while (true) {
    const std::size_t end = std::min(line.find_first_of(blanks), line.find(','));
    fields.push_back(line.substr(0, end));
    const std::size_t next = line.find_first_not_of(blanks, std::min(end, line.size()));
    if (next == std::string_view::npos) return fields;
    line.remove_prefix(next);
    if (!line.starts_with(',')) continue;
    line.remove_prefix(1);
    line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
  }
}

/// A number in C's notation; nothing for anything else or what a double does not hold.
std::optional<double> number(std::string_view field) {
  if (field.starts_with('+')) field.remove_prefix(1);
  double value = 0.0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (error != std::errc() || end != field.data() + field.size()) return std::nullopt;
  return value;
}

/// The beginning of a line that may hold anything, fit to be shown.
std::string excerpt(std::string_view line) {
  constexpr std::size_t longest = 40;
  std::string text;
  for (const char c : line.substr(0, longest)) text += c < ' ' || c > '~' ? '?' : c;
  return '"' + text + (line.size() > longest ? "...\"" : "\"");
}

/// Whether a line has words only, as the first one of a file may.
bool is_header(std::string_view line) {
  const auto fields = fields_of(line);
  return std::none_of(fields.begin(), fields.end(), [](auto field) { return number(field); });
}

/// A point and its value.
std::pair<double, double> read_line(std::string_view line, const Table::Axis& axis) {
  const auto fields = fields_of(line);
  const auto x = number(fields.front());
  const auto y = number(fields.back());
  if (fields.size() != 2 || !x || !y)
    throw std::invalid_argument(
        fmt::format("expected two numbers, {} and a value, found {}", axis.name, excerpt(line)));
  if (!(*x >= axis.lowest && *x <= axis.highest))
    throw std::invalid_argument(fmt::format("{} must be {}, found {}", axis.name, axis.range, *x));
  if (!(*y >= 0.0 && std::isfinite(*y)))
    throw std::invalid_argument(
        fmt::format("the value must be finite and not negative, found {}", *y));
  return {*x, *y};
}

/// Whether `x` goes on as the points began, up or down.
bool continues(const std::vector<double>& points, double x) {
  if (points.empty()) return true;
  if (points.size() == 1) return x != points[0];
  return points[1] > points[0] ? x > points.back() : x < points.back();
}

}  // namespace

Table::Axis Table::directions() { return {"v", -1.0, 1.0, "between -1 and 1"}; }

Table::Axis Table::energies() {
  return {"E", 0.0, std::numeric_limits<double>::max(), "finite and not negative"};
}

Table::Axis Table::positions() {
  return {"z", 0.0, std::numeric_limits<double>::max(), "finite and not negative"};
}

Table::Table(std::string_view text, std::string file, const Axis& axis)
    : file_(std::move(file)), name_(axis.name) {
  bool first = true;
  for (std::size_t line_number = 1; !text.empty(); ++line_number) {
    const std::string_view whole = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(whole.size() + 1, text.size()));
    const std::string_view line = content(whole);
    if (line.empty() || (std::exchange(first, false) && is_header(line))) continue;
    try {
      const auto [x, y] = read_line(line, axis);
      if (!continues(points_, x))
        throw std::invalid_argument(fmt::format(
            "{} must rise or fall from line to line, but {} follows {}", name_, x, points_.back()));
      points_.push_back(x);
      values_.push_back(y);
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument(fmt::format("{}:{}: {}", file_, line_number, error.what()));
    }
  }
  if (points_.size() < 2)
    throw std::invalid_argument(
        fmt::format("{}: a table needs two lines with numbers, found {}", file_, points_.size()));
  if (points_.front() > points_.back()) {
    std::reverse(points_.begin(), points_.end());
    std::reverse(values_.begin(), values_.end());
  }
}

double Table::at(double x) const {
  if (!(x >= points_.front() && x <= points_.back()))
    throw std::invalid_argument(
        fmt::format("{}: the table is for {} = {} to {}, but the grid has {} = {}", file_, name_,
                    points_.front(), points_.back(), name_, x));
  const auto right = std::upper_bound(points_.begin() + 1, points_.end() - 1, x);
  const auto n = static_cast<std::size_t>(right - points_.begin());
  return std::lerp(values_[n - 1], values_[n],
                   (x - points_[n - 1]) / (points_[n] - points_[n - 1]));
}

}  // namespace nuvlasov::initial
