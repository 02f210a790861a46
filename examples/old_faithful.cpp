#include <jensen/data/csv.h>
#include <jensen/fit_gaussian_mixture.h>

#include <iostream>

int main(int argc, char** argv) {
  const auto table = jensen::read_csv(argc > 1 ? argv[1] : "data/faithful.csv").table;
  const auto [model, report] = jensen::fit_gaussian_mixture(table, {.components = 2});

  std::cout << report.message << "\nlog-likelihood " << report.log_likelihood << ", BIC " << report.bic() << "\n";
  for (int k = 0; k < model.states(); ++k) {
    std::cout << "weight " << model.weights()[k] << ", mean";
    for (double m : model.emissions().mean(k)) std::cout << " " << m;
    std::cout << "\n";
  }
}
