#include <jensen/concepts.h>
#include <jensen/error.h>

namespace jensen {

Statistics& Statistics::operator+=(const Statistics& other) {
  if (sum.size() != other.sum.size()) throw ArgumentError("Statistics +=", "other", "has another number of sums");
  if (about != other.about) {
    throw ArgumentError("Statistics +=", "other", "was taken about other reference points; move() it first");
  }
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += other.sum[i];
  return *this;
}

Statistics& Statistics::operator*=(double factor) {
  for (double& s : sum) s *= factor;
  return *this;
}

Evidence& Evidence::operator+=(const Evidence& other) {
  log_likelihood += other.log_likelihood;
  entropy += other.entropy;
  state_entropy += other.state_entropy;
  weight += other.weight;
  return *this;
}

}  // namespace jensen
