// Without PETSc's headers, which make macros of the names of MPI's functions.
#include "counted_mpi.hpp"

namespace nuvlasov::testing_support {

Counted& counted() {
  static Counted all;
  return all;
}

}  // namespace nuvlasov::testing_support

namespace {

using nuvlasov::phase_space::Traffic;
using nuvlasov::testing_support::counted;

struct Request {
  Traffic* total;
  double bytes;
};

/// Those made in advance, with what each start of one adds.
std::map<MPI_Request, Request> prepared;

double bytes_of(int count, MPI_Datatype type) {
  int size = 0;
  PMPI_Type_size(type, &size);
  return static_cast<double>(count) * size;
}

void add(Traffic& total, double bytes) {
  total.messages += 1.0;
  total.bytes += bytes;
}

void start(MPI_Request request) {
  const auto found = prepared.find(request);
  if (found != prepared.end()) add(*found->second.total, found->second.bytes);
}

}  // namespace

extern "C" {

#define NUVLASOV_COUNT_SEND(name)                                                                  \
  int MPI_##name(const void* buffer, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm, \
                 MPI_Request* request) {                                                           \
    add(counted().sent, bytes_of(count, type));                                                    \
    return PMPI_##name(buffer, count, type, to, tag, comm, request);                               \
  }
NUVLASOV_COUNT_SEND(Isend)
NUVLASOV_COUNT_SEND(Irsend)
#undef NUVLASOV_COUNT_SEND

int MPI_Send(const void* buffer, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm) {
  add(counted().sent, bytes_of(count, type));
  return PMPI_Send(buffer, count, type, to, tag, comm);
}

int MPI_Irecv(void* buffer, int count, MPI_Datatype type, int from, int tag, MPI_Comm comm,
              MPI_Request* request) {
  add(counted().received, bytes_of(count, type));
  return PMPI_Irecv(buffer, count, type, from, tag, comm, request);
}

int MPI_Recv(void* buffer, int count, MPI_Datatype type, int from, int tag, MPI_Comm comm,
             MPI_Status* status) {
  add(counted().received, bytes_of(count, type));
  return PMPI_Recv(buffer, count, type, from, tag, comm, status);
}

int MPI_Sendrecv(const void* out, int out_count, MPI_Datatype out_type, int to, int out_tag,
                 void* in, int in_count, MPI_Datatype in_type, int from, int in_tag, MPI_Comm comm,
                 MPI_Status* status) {
  add(counted().sent, bytes_of(out_count, out_type));
  add(counted().received, bytes_of(in_count, in_type));
  return PMPI_Sendrecv(out, out_count, out_type, to, out_tag, in, in_count, in_type, from, in_tag,
                       comm, status);
}

int MPI_Send_init(const void* buffer, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm,
                  MPI_Request* request) {
  const int result = PMPI_Send_init(buffer, count, type, to, tag, comm, request);
  prepared[*request] = {&counted().sent, bytes_of(count, type)};
  return result;
}

int MPI_Recv_init(void* buffer, int count, MPI_Datatype type, int from, int tag, MPI_Comm comm,
                  MPI_Request* request) {
  const int result = PMPI_Recv_init(buffer, count, type, from, tag, comm, request);
  prepared[*request] = {&counted().received, bytes_of(count, type)};
  return result;
}

int MPI_Start(MPI_Request* request) {
  start(*request);
  return PMPI_Start(request);
}

int MPI_Startall(int count, MPI_Request* requests) {
  for (int n = 0; n < count; ++n) start(requests[n]);
  return PMPI_Startall(count, requests);
}

int MPI_Request_free(MPI_Request* request) {
  prepared.erase(*request);
  return PMPI_Request_free(request);
}

int MPI_Allreduce(const void* in, void* out, int count, MPI_Datatype type, MPI_Op operation,
                  MPI_Comm comm) {
  add(counted().summed[comm], bytes_of(count, type));
  return PMPI_Allreduce(in, out, count, type, operation, comm);
}

int MPI_Reduce(const void* in, void* out, int count, MPI_Datatype type, MPI_Op operation, int root,
               MPI_Comm comm) {
  add(counted().summed[comm], bytes_of(count, type));
  return PMPI_Reduce(in, out, count, type, operation, root, comm);
}
}
