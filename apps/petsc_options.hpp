/// \file
/// PETSc options from the input and the command line: none wrong, none unused.
#pragma once

#include <petscsys.h>

#include <functional>
#include <string>
#include <vector>

#include "nuvlasov/config/reader.hpp"

namespace nuvlasov {

/// What is wrong with the arguments after --, that PETSc would skip or stop at; empty: nothing.
/// May be called before PetscInitialize.
std::string petsc_arguments_error(const std::vector<std::string>& arguments);

/// All PETSc options in effect, "-name value ...".
std::string petsc_options_text();

/// Hands the [petsc] section to PETSc and calls `create`, which sets up every object that takes
/// options. \throws InputError when PETSc rejects an option or has not used one. Collective.
void apply_petsc_options(const config::Configuration& configuration,
                         const std::function<PetscErrorCode()>& create);

}  // namespace nuvlasov
