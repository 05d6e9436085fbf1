#include "nuvlasov/io/hdf5.hpp"

#include <hdf5_hl.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <numeric>
#include <utility>

namespace nuvlasov::io::hdf5 {
namespace {

/// The innermost messages of the HDF5 error stack: the first is the cause.
std::string reason() {
  struct Walk {
    static herr_t visit(unsigned, const H5E_error2_t* error, void* text) {
      auto& reason = *static_cast<std::string*>(text);
      if (error->desc != nullptr && *error->desc != '\0') reason = error->desc;
      return 0;
    }
  };
  std::string text;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, Walk::visit, &text);
  return text;
}

Handle property_list(hid_t type) {
  return {check(H5Pcreate(type), "HDF5 property list"), H5Pclose};
}

/// File access without locks: somebody who looks at a file must not stop the run that writes it.
Handle unlocked() {
  Handle list = property_list(H5P_FILE_ACCESS);
  check(H5Pset_file_locking(list, false, true), "HDF5 file locking");
  return list;
}

Handle dataspace(const std::vector<hsize_t>& size, bool unlimited = false) {
  std::vector<hsize_t> maximum = size;
  if (unlimited) maximum.front() = H5S_UNLIMITED;
  return {check(H5Screate_simple(static_cast<int>(size.size()), size.data(), maximum.data()),
                "HDF5 dataspace"),
          H5Sclose};
}

Handle text_type() {
  Handle type{check(H5Tcopy(H5T_C_S1), "HDF5 string type"), H5Tclose};
  check(H5Tset_size(type, H5T_VARIABLE), "HDF5 string type");
  check(H5Tset_cset(type, H5T_CSET_UTF8), "HDF5 string type");
  return type;
}

/// \param size  empty: a scalar
template <class Value>
void write_values(hid_t object, const std::string& name, hid_t type,
                  const std::vector<hsize_t>& size, const Value* value) {
  const Handle space = dataspace(size);
  const Handle attribute{
      check(H5Acreate2(object, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT),
            "attribute " + name),
      H5Aclose};
  // HDF5 refuses the address of nothing.
  if (value != nullptr) check(H5Awrite(attribute, type, value), "attribute " + name);
}

AttributeValue read_attribute(hid_t object, const std::string& name) {
  const std::string what = "attribute " + name;
  const Handle attribute{check(H5Aopen(object, name.c_str(), H5P_DEFAULT), what), H5Aclose};
  const Handle type{check(H5Aget_type(attribute), what), H5Tclose};
  const Handle space{check(H5Aget_space(attribute), what), H5Sclose};
  const bool scalar = H5Sget_simple_extent_type(space) == H5S_SCALAR;
  const auto read = [&](hid_t as, void* to) { check(H5Aread(attribute, as, to), what); };
  const H5T_class_t kind = H5Tget_class(type);
  if (kind == H5T_STRING && scalar) return read_text_attribute(object, name);
  if (kind == H5T_INTEGER && scalar) {
    long long value = 0;
    read(H5T_NATIVE_LLONG, &value);
    return value;
  }
  if (kind == H5T_FLOAT && scalar) {
    double value = 0.0;
    read(H5T_NATIVE_DOUBLE, &value);
    return value;
  }
  if (kind != H5T_FLOAT) throw IoError(what + ": of an unknown type");
  std::vector<double> values(
      static_cast<std::size_t>(check(H5Sget_simple_extent_npoints(space), what)));
  if (!values.empty()) read(H5T_NATIVE_DOUBLE, values.data());
  return values;
}

void describe(hid_t dataset, const Description& description) {
  write_attribute(dataset, "units", description.units);
  write_attribute(dataset, "long_name", description.long_name);
  if (!description.physical) return;
  write_attribute(dataset, "physical_units", description.physical->units);
  write_attribute(dataset, "physical_factor", description.physical->factor);
}

Handle creation_list(const std::vector<hsize_t>& chunk) {
  Handle list = property_list(H5P_DATASET_CREATE);
  check(H5Pset_attr_creation_order(list, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED),
        "HDF5 creation order");
  // Ranks that write together need the space there beforehand.
  check(H5Pset_alloc_time(list, H5D_ALLOC_TIME_EARLY), "HDF5 allocation time");
  if (!chunk.empty())
    check(H5Pset_chunk(list, static_cast<int>(chunk.size()), chunk.data()), "HDF5 chunk size");
  return list;
}

Handle create_dataset(hid_t file, const std::string& name, hid_t type, hid_t space, hid_t list) {
  return {check(H5Dcreate2(file, name.c_str(), type, space, H5P_DEFAULT, list, H5P_DEFAULT),
                "dataset " + name),
          H5Dclose};
}

void make_scale(hid_t dataset, const std::string& name) {
  check(H5DSset_scale(dataset, name.c_str()), "dimension scale " + name);
}

hsize_t values_in(const Block& block) {
  return std::accumulate(block.count.begin(), block.count.end(), hsize_t{1}, std::multiplies<>());
}

/// The largest of the numbers that the ranks of a parallel file have.
hsize_t largest_over_ranks(hid_t dataset, hsize_t number, const char* what) {
  const Handle file{check(H5Iget_file_id(dataset), what), H5Fclose};
  const Handle list{check(H5Fget_access_plist(file), what), H5Pclose};
  MPI_Comm comm = MPI_COMM_NULL;
  MPI_Info info = MPI_INFO_NULL;
  check(H5Pget_fapl_mpio(list, &comm, &info), what);
  std::uint64_t largest = number;
  MPI_Allreduce(MPI_IN_PLACE, &largest, 1, MPI_UINT64_T, MPI_MAX, comm);
  MPI_Comm_free(&comm);
  if (info != MPI_INFO_NULL) MPI_Info_free(&info);
  return largest;
}

void transfer_part(hid_t dataset, const Block& block, bool collective,
                   const std::function<herr_t(hid_t memory, hid_t file, hid_t list)>& act,
                   const char* what) {
  const Handle file_space{check(H5Dget_space(dataset), what), H5Sclose};
  const Handle memory_space = dataspace(block.count);
  if (values_in(block) == 0) {
    check(H5Sselect_none(file_space), what);
    check(H5Sselect_none(memory_space), what);
  } else {
    check(H5Sselect_hyperslab(file_space, H5S_SELECT_SET, block.offset.data(), nullptr,
                              block.count.data(), nullptr),
          what);
  }
  const Handle list = property_list(H5P_DATASET_XFER);
  if (collective) check(H5Pset_dxpl_mpio(list, H5FD_MPIO_COLLECTIVE), what);
  check(act(memory_space, file_space, list), what);
}

/// Calls act(values, memory, file, list) for each part of a block.
template <class Value, class Act>
void transfer(hid_t dataset, const Block& block, Value* values, bool collective, hsize_t most,
              Act&& act, const char* what) {
  std::vector<Block> parts = in_parts(block, most);
  if (collective) {
    // All take part in as many transfers as the one that has most.
    const Block nothing{block.offset, std::vector<hsize_t>(block.count.size(), 0)};
    parts.resize(largest_over_ranks(dataset, parts.size(), what), nothing);
  }
  for (const Block& part : parts) {
    transfer_part(
        dataset, part, collective,
        [&](hid_t memory, hid_t file, hid_t list) { return act(values, memory, file, list); },
        what);
    values += values_in(part);
  }
}

}  // namespace

void start() {
  constexpr bool overwrite = false;  // what the user has chosen
  // Before there is any other thread. NOLINTNEXTLINE(concurrency-mt-unsafe)
  setenv("OMPI_MCA_sharedfp", "^sm", overwrite);
  check(H5dont_atexit(), "HDF5");
  check(H5open(), "HDF5");
  check(H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr), "HDF5");
}

hid_t check(hid_t result, const std::string& what) {
  if (result >= 0) return result;
  const std::string cause = reason();
  throw IoError(what + (cause.empty() ? "" : ": " + cause));
}

Handle::Handle(Handle&& other) noexcept
    : id_(std::exchange(other.id_, H5I_INVALID_HID)), close_(other.close_) {}

Handle::~Handle() {
  if (id_ >= 0) close_(id_);
}

void Handle::close(const std::string& what) {
  check(close_(std::exchange(id_, H5I_INVALID_HID)), what);
}

Handle create_file(const std::string& path, const FileLayout& layout) {
  const Handle access = unlocked();
  check(H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_LATEST), "HDF5 version");
  const Handle list = property_list(H5P_FILE_CREATE);
  check(H5Pset_alignment(access, 1, layout.alignment), "HDF5 alignment");
  check(H5Pset_userblock(list, layout.user_block), "HDF5 user block");
  check(H5Pset_link_creation_order(list, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED),
        "HDF5 creation order");
  check(H5Pset_attr_creation_order(list, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED),
        "HDF5 creation order");
  return {check(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, list, access), "cannot create " + path),
          H5Fclose};
}

Handle open_file(const std::string& path, bool writable) {
  return {check(H5Fopen(path.c_str(), writable ? H5F_ACC_RDWR : H5F_ACC_RDONLY, unlocked()),
                "cannot open " + path),
          H5Fclose};
}

Handle open_file_parallel(const std::string& path, bool writable, MPI_Comm comm) {
  const Handle list = property_list(H5P_FILE_ACCESS);
  check(H5Pset_fapl_mpio(list, comm, MPI_INFO_NULL), "parallel HDF5");
  check(H5Pset_all_coll_metadata_ops(list, true), "parallel HDF5");
  check(H5Pset_coll_metadata_write(list, true), "parallel HDF5");
  return {check(H5Fopen(path.c_str(), writable ? H5F_ACC_RDWR : H5F_ACC_RDONLY, list),
                "cannot open " + path),
          H5Fclose};
}

Handle open_dataset(hid_t file, const std::string& name) {
  return {check(H5Dopen2(file, name.c_str(), H5P_DEFAULT), "dataset " + name), H5Dclose};
}

Handle create_group(hid_t file, const std::string& name) {
  return {
      check(H5Gcreate2(file, name.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), "group " + name),
      H5Gclose};
}

Handle open_group(hid_t file, const std::string& name) {
  return {check(H5Gopen2(file, name.c_str(), H5P_DEFAULT), "group " + name), H5Gclose};
}

bool has_dataset(hid_t file, const std::string& name) {
  if (H5Lexists(file, name.c_str(), H5P_DEFAULT) <= 0) return false;
  const Handle object{H5Oopen(file, name.c_str(), H5P_DEFAULT), H5Oclose};
  return object >= 0 && H5Iget_type(object) == H5I_DATASET;
}

void write_attribute(hid_t object, const std::string& name, const std::string& value) {
  const char* text = value.c_str();
  write_values(object, name, text_type(), {}, &text);
}

void write_attribute(hid_t object, const std::string& name, double value) {
  write_values(object, name, H5T_NATIVE_DOUBLE, {}, &value);
}

void write_attribute(hid_t object, const std::string& name, long long value) {
  write_values(object, name, H5T_NATIVE_LLONG, {}, &value);
}

void write_attribute(hid_t object, const std::string& name, const std::vector<double>& values) {
  write_values(object, name, H5T_NATIVE_DOUBLE, {values.size()}, values.data());
}

std::string read_text_attribute(hid_t object, const std::string& name) {
  if (H5Aexists(object, name.c_str()) <= 0) return "";
  const Handle attribute{check(H5Aopen(object, name.c_str(), H5P_DEFAULT), "attribute " + name),
                         H5Aclose};
  const Handle stored{check(H5Aget_type(attribute), "attribute " + name), H5Tclose};
  if (H5Tget_class(stored) != H5T_STRING || H5Tis_variable_str(stored) <= 0) return "";
  const Handle type = text_type();
  char* text = nullptr;
  check(H5Aread(attribute, type, &text), "attribute " + name);
  std::string value = text != nullptr ? text : "";
  H5free_memory(text);
  return value;
}

std::map<std::string, AttributeValue> read_attributes(hid_t object) {
  std::map<std::string, AttributeValue> values;
  const auto visit = [](hid_t, const char* name, const H5A_info_t*, void* to) -> herr_t {
    static_cast<std::map<std::string, AttributeValue>*>(to)->emplace(name, AttributeValue{});
    return 0;
  };
  check(H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, nullptr, visit, &values), "attributes");
  for (auto& [name, value] : values) value = read_attribute(object, name);
  return values;
}

void create_coordinate(hid_t file, const std::string& name, const std::vector<double>& values,
                       bool unlimited, const Description& description) {
  constexpr hsize_t unlimited_chunk = 512;
  const Handle dataset = create_dataset(
      file, name, H5T_NATIVE_DOUBLE, dataspace({values.size()}, unlimited),
      creation_list(unlimited ? std::vector{unlimited_chunk} : std::vector<hsize_t>{}));
  make_scale(dataset, name);
  describe(dataset, description);
  if (!values.empty())
    check(H5Dwrite(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()),
          "dataset " + name);
}

void create_label_coordinate(hid_t file, const std::string& name,
                             const std::vector<std::string>& labels, const std::string& long_name) {
  std::vector<const char*> text;
  text.reserve(labels.size());
  for (const std::string& label : labels) text.push_back(label.c_str());
  const Handle type = text_type();
  const Handle dataset =
      create_dataset(file, name, type, dataspace({labels.size()}), creation_list({}));
  make_scale(dataset, name);
  describe(dataset, {"1", long_name});
  check(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, text.data()), "dataset " + name);
}

void create_variable(hid_t file, const std::string& name,
                     const std::vector<std::string>& dimensions, const std::vector<hsize_t>& chunk,
                     const Description& description) {
  std::vector<hsize_t> size;
  bool unlimited = false;
  std::vector<Handle> scales;
  for (const std::string& dimension : dimensions) {
    scales.push_back(open_dataset(file, dimension));
    const Handle space{check(H5Dget_space(scales.back()), "dimension " + dimension), H5Sclose};
    hsize_t length = 0;
    hsize_t maximum = 0;
    check(H5Sget_simple_extent_dims(space, &length, &maximum), "dimension " + dimension);
    if (size.empty()) unlimited = maximum == H5S_UNLIMITED;
    size.push_back(length);
  }
  const Handle dataset = create_dataset(file, name, H5T_NATIVE_DOUBLE, dataspace(size, unlimited),
                                        creation_list(chunk));
  describe(dataset, description);
  for (std::size_t d = 0; d < scales.size(); ++d)
    check(H5DSattach_scale(dataset, scales[d], static_cast<unsigned>(d)),
          "dimension " + dimensions[d] + " of " + name);
}

std::vector<hsize_t> shape(hid_t dataset) {
  const Handle space{check(H5Dget_space(dataset), "shape of a dataset"), H5Sclose};
  std::vector<hsize_t> size(
      static_cast<std::size_t>(check(H5Sget_simple_extent_ndims(space), "shape of a dataset")));
  check(H5Sget_simple_extent_dims(space, size.data(), nullptr), "shape of a dataset");
  return size;
}

std::uint64_t offset(hid_t dataset) {
  const haddr_t address = H5Dget_offset(dataset);
  if (address == HADDR_UNDEF) throw IoError("a dataset has no place in its file");
  return address;
}

void extend(hid_t dataset, hsize_t length) {
  std::vector<hsize_t> size = shape(dataset);
  size.front() = length;
  check(H5Dset_extent(dataset, size.data()), "cannot extend a dataset");
}

std::vector<Block> in_parts(const Block& block, hsize_t values) {
  const auto first = std::find_if(block.count.begin(), block.count.end(),
                                  [](hsize_t count) { return count != 1; });
  if (first == block.count.end() || values_in(block) <= values) return {block};
  const auto axis = first - block.count.begin();
  const auto at = static_cast<std::size_t>(axis);
  const hsize_t step = std::max<hsize_t>(1, values / (values_in(block) / *first));
  std::vector<Block> parts;
  for (hsize_t done = 0; done < *first; done += step) {
    Block part = block;
    part.offset[at] += done;
    part.count[at] = std::min(step, *first - done);
    for (Block& smaller : in_parts(part, values)) parts.push_back(std::move(smaller));
  }
  return parts;
}

void write_block(hid_t dataset, const Block& block, const double* values, bool collective,
                 hsize_t most) {
  transfer(
      dataset, block, values, collective, most,
      [&](const double* from, hid_t memory, hid_t file, hid_t list) {
        return H5Dwrite(dataset, H5T_NATIVE_DOUBLE, memory, file, list, from);
      },
      "cannot write a dataset");
}

void read_block(hid_t dataset, const Block& block, double* values, bool collective, hsize_t most) {
  transfer(
      dataset, block, values, collective, most,
      [&](double* to, hid_t memory, hid_t file, hid_t list) {
        return H5Dread(dataset, H5T_NATIVE_DOUBLE, memory, file, list, to);
      },
      "cannot read a dataset");
}

}  // namespace nuvlasov::io::hdf5
