#include <fcntl.h>
#include <jensen/em/checkpoint.h>
#include <jensen/error.h>
#include <jensen/execution/reduction.h>
#include <unistd.h>

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <system_error>

namespace jensen {

namespace {

constexpr std::string_view magic = "jensen checkpoint 2\n";

// FNV-1a, 64 bits.
class Hash {
 public:
  void add(std::string_view bytes) {
    for (unsigned char c : bytes) value_ = (value_ ^ c) * 0x100000001b3U;
  }
  template <class T>
  void add_raw(const T* values, std::size_t count) {
    add({reinterpret_cast<const char*>(values), count * sizeof(T)});
  }
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0xcbf29ce484222325U;
};

std::uint64_t hash_of(std::string_view bytes) {
  Hash hash;
  hash.add(bytes);
  return hash.value();
}

std::uint64_t hash_of(const Data& data) {
  Hash hash;
  visit_blocks(data, [&](const Block& block) {
    for (int j = 0; j < block.columns(); ++j) hash.add_raw(block.x.column(j), static_cast<std::size_t>(block.rows()));
    hash.add_raw(block.weights.data(), block.weights.size());
    for (std::int64_t i = 0; block.state_sets != nullptr && i < block.rows(); ++i) {
      for (int k = 0; k < block.state_sets->states; ++k) hash.add(block.allows(i, k) ? "1" : "0");
    }
    return true;
  });
  for (const std::int64_t begin : data.sequences()) hash.add(std::to_string(begin) + ",");
  return hash.value();
}

// A start may lie where the prior is at its largest, whatever it is: it shows a step away.
double log_prior_elsewhere(const Model& prototype) {
  if (!prototype.can(Capability::unconstrained)) return 0;
  const auto moved = prototype.clone();
  auto u = moved->unconstrained();
  for (double& v : u) v += 0.5;
  moved->set_unconstrained(u);
  return moved->log_prior();
}

// What a fit must share with the one that wrote the file. Threads and the callback change no result.
std::string fingerprint_of(const Model& prototype, const Data& data, const Options& o) {
  StateWriter out;
  out.put(prototype.name());
  out.put(prototype.parameters());
  // What is no parameter shows here: a prior, what is held fixed, structural zeros.
  out.put(prototype.log_prior());
  out.put(log_prior_elsewhere(prototype));
  out.put(prototype.can(Capability::free_parameters) ? prototype.free_parameters() : -1);
  out.put(prototype.rounding());  // in which precision E-steps compute
  out.put(data.rows());
  out.put(data.columns());
  out.put(static_cast<std::int64_t>(hash_of(data)));
  out.put(o.tolerance);
  out.put(o.max_iterations);
  for (int choice : {static_cast<int>(o.algorithm), static_cast<int>(o.acceleration), static_cast<int>(o.start)}) {
    out.put(choice);
  }
  out.put(o.restarts);
  out.put(static_cast<std::int64_t>(o.seed));
  const VariantOptions& v = o.variant;
  for (int value : {v.burn_in, v.averaged, v.draws, v.most_draws, v.steps_per_temperature, v.parts, v.batch_rows,
                    v.passes, v.sparse_steps}) {
    out.put(value);
  }
  for (double value : {v.first_temperature, v.cooling, v.exponent, v.offset, v.threshold}) out.put(value);
  out.put(v.multicycle);
  out.put(to_string(o.constraints));
  return out.bytes();
}

void put(StateWriter& out, const RestartReport& r) {
  out.put(static_cast<std::int64_t>(r.seed));
  out.put(static_cast<int>(r.outcome));
  out.put(r.message);
  out.put(r.log_likelihood);
  out.put(r.log_prior);
  out.put(r.iterations);
  out.put(r.evaluations);
  out.put(r.degenerate);
}

RestartReport get_report(StateReader& in) {
  RestartReport r;
  r.seed = static_cast<std::uint64_t>(in.integer());
  r.outcome = static_cast<Outcome>(in.number());
  r.message = in.text();
  r.log_likelihood = in.real();
  r.log_prior = in.real();
  r.iterations = in.number();
  r.evaluations = in.number();
  r.degenerate = in.flag();
  return r;
}

// Not OutputFile: the name beside is always the same, so that killed runs leave no litter.
void replace_file(const std::string& path, const std::string& content) {
  const auto fail = [&](int error) {
    throw Error(path + ": the checkpoint cannot be written: " + std::generic_category().message(error));
  };
  const std::string beside = path + ".part";
  const int descriptor = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) fail(errno);
  for (std::size_t done = 0; done < content.size();) {
    const auto written = ::write(descriptor, content.data() + done, content.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int error = errno;
      ::close(descriptor);
      fail(error);
    }
    done += static_cast<std::size_t>(written);
  }
  const bool synchronised = ::fsync(descriptor) == 0 || errno == EINVAL;
  const int error = errno;
  ::close(descriptor);
  if (!synchronised) fail(error);
  if (::rename(beside.c_str(), path.c_str()) != 0) fail(errno);
}

}  // namespace

Checkpoint::Checkpoint(const Model& prototype, const Data& data, const Options& options)
    : path_(options.checkpoint),
      every_seconds_(options.checkpoint_seconds),
      starts_(static_cast<std::size_t>(options.restarts)),
      kept_(starts_.size(), std::chrono::steady_clock::time_point::min()) {
  prototype.require(Capability::parameters, "a checkpoint");
  fingerprint_ = fingerprint_of(prototype, data, options);
  if (!options.resume) return;
  std::ifstream in(path_, std::ios::binary);
  if (!in) {
    if (errno == ENOENT) return;  // killed before there was anything to keep
    throw DataError(path_ + ": cannot be read: " + std::generic_category().message(errno));
  }
  const std::string content{std::istreambuf_iterator<char>(in), {}};
  try {
    read(content);
  } catch (const DataError& error) {
    throw DataError(path_ + ": " + error.what());
  }
}

void Checkpoint::read(const std::string& content) {
  if (content.compare(0, magic.size(), magic) != 0) throw DataError("is not a checkpoint of this version of jensen");
  StateReader in(std::string_view(content).substr(magic.size()));
  const auto hash = static_cast<std::uint64_t>(in.integer());
  const std::string body = in.text();
  if (hash_of(body) != hash) throw DataError("the checkpoint is damaged");
  StateReader inner(body);
  if (inner.text() != fingerprint_) {
    throw DataError("the checkpoint is of another fit: data, model and options must be the same");
  }
  for (Start& start : starts_) {
    start.finished = inner.flag();
    start.seconds = inner.real();
    if (start.finished) {
      start.report = get_report(inner);
    } else {
      start.state = inner.text();
    }
  }
  ends_.resize(static_cast<std::size_t>(inner.integer()));
  for (auto& [restart, climb] : ends_) {
    restart = inner.number();
    climb = inner.text();
  }
}

void Checkpoint::write() {
  StateWriter out;
  out.put(fingerprint_);
  for (const Start& start : starts_) {
    out.put(start.finished);
    out.put(start.seconds);
    if (start.finished) {
      put(out, start.report);
    } else {
      out.put(start.state);
    }
  }
  out.put(static_cast<std::int64_t>(ends_.size()));
  for (const auto& [restart, climb] : ends_) {
    out.put(restart);
    out.put(climb);
  }
  StateWriter file;
  file.put(static_cast<std::int64_t>(hash_of(out.bytes())));
  file.put(out.bytes());
  replace_file(path_, std::string(magic) + file.bytes());
}

std::vector<EndedStart> Checkpoint::ends(const Model& prototype) const {
  std::vector<EndedStart> ends;
  for (const auto& [restart, climb] : ends_) {
    StateReader in(climb);
    ends.push_back({restart, start(restart).seconds, load_climb(in, prototype)});
  }
  return ends;
}

void Checkpoint::keep(int restart, double start_seconds, const std::function<void(StateWriter&)>& state, bool now) {
  const std::lock_guard lock(mutex_);
  const auto r = static_cast<std::size_t>(restart);
  const auto time = std::chrono::steady_clock::now();
  const bool first = kept_[r] == std::chrono::steady_clock::time_point::min();
  if (!first && !now && std::chrono::duration<double>(time - kept_[r]).count() < every_seconds_) return;
  kept_[r] = time;
  StateWriter out;
  state(out);
  starts_[r].seconds = start_seconds;
  starts_[r].state = out.bytes();
  write();
}

void Checkpoint::finish(int restart, double start_seconds, const RestartReport& report,
                        std::span<const EndedStart> ends) {
  const std::lock_guard lock(mutex_);
  Start& start = starts_[static_cast<std::size_t>(restart)];
  start.finished = true;
  start.seconds = start_seconds;
  start.report = report;
  start.state.clear();
  ends_.clear();
  for (const EndedStart& end : ends) {
    StateWriter out;
    save(out, end.climb);
    ends_.emplace_back(end.start, out.bytes());
  }
  write();
}

}  // namespace jensen
