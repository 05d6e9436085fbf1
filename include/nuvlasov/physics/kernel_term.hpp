/// \file
/// A term that is part of the RateKernel's sum.
#pragma once

#include <memory>
#include <utility>

#include "nuvlasov/phase_space/aligned.hpp"
#include "nuvlasov/physics/rate_kernel.hpp"

namespace nuvlasov::physics {

class KernelTerm : public Term {
 public:
  explicit KernelTerm(std::shared_ptr<RateKernel> kernel) : kernel_(std::move(kernel)) {}
  void add_rate(const Neighbourhood& here, double* rate) final {
    alone_.resize(static_cast<std::size_t>(here.energies * here.row()));
    kernel_->write_rate(here, parts(), alone_.data());
    for (std::size_t n = 0; n < alone_.size(); ++n) rate[n] += alone_[n];
  }

 private:
  std::shared_ptr<RateKernel> kernel_;
  phase_space::Numbers alone_;
};

}  // namespace nuvlasov::physics
