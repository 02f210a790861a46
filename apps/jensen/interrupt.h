// Ctrl-C while something runs that can end early with what it has.
#pragma once

/// While it lives, the first SIGINT or SIGTERM is only noted; a second one ends the program as usual.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  bool noted() const;

 private:
  using Handler = void (*)(int);
  Handler before_interrupt_;
  Handler before_terminate_;
};
