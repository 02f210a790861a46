#include <jensen/math/dual_storage.h>

#include <new>

namespace jensen {

namespace {

// Trivial, so that it outlives the pool: numbers destroyed after it free their memory themselves.
thread_local bool pool_is_gone = false;

class Pool {
 public:
  ~Pool() {
    clear();
    pool_is_gone = true;
  }
  double* take(std::size_t count) {
    if (count != count_) {
      clear();
      count_ = count;
    }
    if (free_.empty()) return static_cast<double*>(::operator new(count * sizeof(double)));
    double* memory = free_.back();
    free_.pop_back();
    return memory;
  }
  // Memory of a former size is not kept.
  bool keep(double* memory, std::size_t count) noexcept {
    if (count != count_ || free_.size() >= most) return false;
    if (free_.capacity() == 0) free_.reserve(most);
    free_.push_back(memory);
    return true;
  }

 private:
  static constexpr std::size_t most = 256;
  void clear() noexcept {
    for (double* memory : free_) ::operator delete(memory);
    free_.clear();
  }

  std::size_t count_ = 0;
  std::vector<double*> free_;
};

thread_local Pool pool;

}  // namespace

double* DualPool::take(std::size_t count) {
  if (pool_is_gone) return static_cast<double*>(::operator new(count * sizeof(double)));
  return pool.take(count);
}

void DualPool::give_back(double* memory, std::size_t count) noexcept {
  if (pool_is_gone || !pool.keep(memory, count)) ::operator delete(memory);
}

}  // namespace jensen
