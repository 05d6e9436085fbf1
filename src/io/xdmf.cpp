#include "nuvlasov/io/xdmf.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace nuvlasov::io {
namespace {

using phase_space::MomentumGrid;

/// Positions first, first + stride, ... of an axis.
struct Part {
  Index of = 0;  ///< all positions
  Index first = 0, stride = 1, count = of;
};

std::string joined(const std::vector<Part>& parts, Index Part::*number) {
  std::string text;
  for (const Part& part : parts) text += fmt::format("{}{}", text.empty() ? "" : " ", part.*number);
  return text;
}

/// The part of a dataset along its axes, an array of `shape`.
std::string data_item(const std::string& dataset, const std::vector<Part>& parts,
                      const std::string& shape) {
  std::string whole = fmt::format(
      "<DataItem Dimensions=\"{}\" NumberType=\"Float\" Precision=\"8\" "
      "Format=\"HDF\">{}</DataItem>\n",
      joined(parts, &Part::of), dataset);
  const auto complete = [](const Part& part) { return part.count == part.of; };
  if (std::all_of(parts.begin(), parts.end(), complete)) return whole;
  return fmt::format(
      "<DataItem ItemType=\"HyperSlab\" Dimensions=\"{}\">\n"
      "<DataItem Dimensions=\"3 {}\" Format=\"XML\">{} {} {}</DataItem>\n{}</DataItem>\n",
      shape, parts.size(), joined(parts, &Part::first), joined(parts, &Part::stride),
      joined(parts, &Part::count), whole);
}

/// Directions that are a mesh.
struct Mesh {
  std::string name;
  Part directions;
  std::string coordinate;  ///< of directions that are not one by themselves
};

Mesh make_mesh(const std::string& name, const Part& directions, const MomentumGrid& momentum) {
  const auto v = [&](Index n) {
    return momentum.direction(directions.first + n * directions.stride);
  };
  bool rising = true;
  std::string numbers = "0";
  for (Index n = 1; n < directions.count; ++n) {
    rising = rising && v(n) > v(n - 1);
    numbers += fmt::format(" {}", n);
  }
  return {name, directions,
          rising ? ""
                 : fmt::format("<DataItem Dimensions=\"{}\" NumberType=\"Float\" "
                               "Precision=\"8\" Format=\"XML\">{}</DataItem>\n",
                               directions.count, numbers)};
}

std::vector<Mesh> make_meshes(const MomentumGrid& momentum) {
  const Mesh whole = make_mesh("phase_space", {momentum.angles()}, momentum);
  if (!momentum.has_antineutrinos()) return {whole};
  std::vector<Mesh> meshes;
  for (const auto& [name, sign] : {std::pair{"neutrinos", phase_space::neutrino},
                                   {"antineutrinos", phase_space::antineutrino}}) {
    std::vector<Index> members;
    for (Index k = 0; k < momentum.angles(); ++k)
      if (momentum.sign(k) == sign) members.push_back(k);
    if (members.empty()) continue;
    const auto count = static_cast<Index>(members.size());
    const Index stride = count > 1 ? members[1] - members[0] : 1;
    const auto uneven = [&](Index a, Index b) { return b - a != stride; };
    if (std::adjacent_find(members.begin(), members.end(), uneven) != members.end()) return {whole};
    meshes.push_back(
        make_mesh(name, {momentum.angles(), members.front(), stride, count}, momentum));
  }
  return meshes;
}

std::string attribute(const std::string& name, const std::string& item) {
  return fmt::format(
      "<Attribute Name=\"{}\" AttributeType=\"Scalar\" Center=\"Node\">\n{}</Attribute>\n", name,
      item);
}

/// A mesh of the snapshot in `file`.
std::string grid(const Mesh& mesh, const std::string& file, Index cells,
                 const MomentumGrid& momentum,
                 const std::vector<diagnostics::PhaseSpaceField>& fields) {
  const std::vector<std::string> components = flavor::component_names(momentum.flavors());
  const std::vector<Part> axes{{cells}, {momentum.energies()}, mesh.directions};
  const std::string shape = joined(axes, &Part::count);
  const auto item = [&](const std::string& name, const std::vector<Part>& parts,
                        const std::string& size) {
    return data_item(file + ":/" + name, parts, size);
  };
  std::string text = fmt::format(
      "<Topology TopologyType=\"3DRectMesh\" Dimensions=\"{}\"/>\n"
      "<Geometry GeometryType=\"VXVYVZ\">\n{}{}{}</Geometry>\n",
      shape,
      mesh.coordinate.empty()
          ? item("angle", {mesh.directions}, fmt::to_string(mesh.directions.count))
          : mesh.coordinate,
      item("energy", {axes[1]}, ""), item("z", {axes[0]}, ""));
  for (const auto& field : fields) {
    if (!field.matrix) {
      text += attribute(field.name, item(field.name, axes, shape));
      continue;
    }
    for (std::size_t c = 0; c < components.size(); ++c) {
      std::vector<Part> parts = axes;
      parts.push_back({static_cast<Index>(components.size()), static_cast<Index>(c), 1, 1});
      text += attribute(fmt::format("{}_{}", field.name, components[c]),
                        item(field.name, parts, shape));
    }
  }
  return text;
}

}  // namespace

std::string xdmf(const phase_space::ZAxis& z, const MomentumGrid& momentum,
                 const std::vector<diagnostics::PhaseSpaceField>& fields,
                 const std::vector<XdmfSnapshot>& snapshots) {
  std::string text = "<?xml version=\"1.0\"?>\n<Xdmf Version=\"3.0\">\n<Domain>\n";
  for (const Mesh& mesh : make_meshes(momentum)) {
    text += fmt::format("<Grid Name=\"{}\" GridType=\"Collection\" CollectionType=\"Temporal\">\n",
                        mesh.name);
    for (const XdmfSnapshot& snapshot : snapshots)
      text += fmt::format("<Grid>\n<Time Value=\"{}\"/>\n{}</Grid>\n", snapshot.time,
                          grid(mesh, snapshot.file, z.cells(), momentum, fields));
    text += "</Grid>\n";
  }
  return text + "</Domain>\n</Xdmf>\n";
}

}  // namespace nuvlasov::io
