/// \file
/// MPI counts in int; what is longer goes in pieces.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

namespace nuvlasov {

/// Calls body(first, count) for consecutive pieces of `total` elements, each at most `largest`.
/// The same calls on all ranks that have the same total: the body may be collective.
template <class Body>
void in_pieces(std::int64_t total, Body&& body,
               std::int64_t largest = std::numeric_limits<int>::max()) {
  for (std::int64_t first = 0; first < total; first += largest)
    body(first, static_cast<int>(std::min(largest, total - first)));
}

}  // namespace nuvlasov
