#include <jensen/em/inference/information.h>
#include <jensen/error.h>

#include "em/inference/passes.h"
#include "em/inference/setting.h"

namespace jensen {

namespace {

constexpr std::size_t stations = Neighbourhood::stations;
constexpr std::size_t coordinates_a_pass = e_steps_a_pass / stations;

// Calls use(j, E-steps at the four stations of coordinate j) for every coordinate, the statistics about û's reference
// points or about each station's own.
template <class Use>
void for_each_coordinate(const Setting& setting, bool own_reference, Use use) {
  const Neighbourhood& around = setting.around;
  for (std::size_t first = 0; first < around.size(); first += coordinates_a_pass) {
    const std::size_t count = std::min(coordinates_a_pass, around.size() - first);
    std::vector<Vantage> vantages;
    for (std::size_t j = first; j < first + count; ++j) {
      for (std::size_t which = 0; which < stations; ++which) {
        const Model& station = around.station(j, which);
        vantages.push_back({&station, (own_reference ? station : around.centre()).no_statistics()});
      }
    }
    const auto expected = expect_each(vantages, setting.data, setting.workers);
    setting.workers.run(static_cast<int>(count), [&](int task, int) {
      const auto own = static_cast<std::size_t>(task);
      use(first + own, std::span(expected).subspan(own * stations, stations));
    });
  }
}

}  // namespace

std::vector<double> Information::observed() const {
  std::vector<double> difference = complete;
  for (std::size_t i = 0; i < difference.size(); ++i) difference[i] -= missing[i];
  return difference;
}

Information oakes_information(const Setting& setting) {
  Information information = setting.begin();
  const auto p = static_cast<Eigen::Index>(setting.around.size());
  Eigen::MatrixXd mixed(p, p);
  for_each_coordinate(setting, false, [&](std::size_t j, std::span<const Expected> expected) {
    std::array<Eigen::ArrayXd, stations> g;
    for (std::size_t which = 0; which < stations; ++which) {
      g[which] = setting.around.gradient(expected[which].statistics).array();
    }
    mixed.col(static_cast<Eigen::Index>(j)) = setting.around.derivative(j, g).matrix();
  });
  information.evaluations += static_cast<int>(stations * setting.around.size());
  setting.set_missing(information, std::move(mixed));
  return information;
}

Eigen::MatrixXd rate_matrix(const Setting& setting) {
  const auto p = static_cast<Eigen::Index>(setting.around.size());
  Eigen::MatrixXd rate(p, p);
  for_each_coordinate(setting, true, [&](std::size_t i, std::span<const Expected> expected) {
    std::array<Eigen::ArrayXd, stations> image;
    for (std::size_t which = 0; which < stations; ++which) {
      const auto moved = setting.around.station(i, which).clone();
      moved->maximize(expected[which].statistics);
      const auto u = moved->unconstrained();
      if (u.size() != setting.around.size()) {
        throw UnsupportedError(setting.theta.name(), "keep its coordinates in an M-step from here", "supplemented EM");
      }
      image[which] = Eigen::Map<const Eigen::ArrayXd>(u.data(), p);
    }
    rate.row(static_cast<Eigen::Index>(i)) = setting.around.derivative(i, image).matrix().transpose();
  });
  return rate;
}

Information supplemented_information(const Setting& setting) {
  const auto after = setting.theta.clone();
  after->maximize(setting.at.statistics);
  if (after->tentative()) {
    throw UnsupportedError(setting.theta.name(), "promise that its M-step reaches the maximum of Q", "supplemented EM");
  }
  Information information = setting.begin();
  const Eigen::MatrixXd complete = unpacked(information.complete, information.size());
  setting.set_missing(information, rate_matrix(setting) * complete);
  information.evaluations += static_cast<int>(stations * setting.around.size());
  return information;
}

Information oakes_information(const Model& theta, const Data& data, int threads) {
  Workers workers(threads);
  return oakes_information(Setting(theta, data, workers, "oakes_information"));
}

Information louis_information(const Model& theta, const Data& data, int threads) {
  Workers workers(threads);
  return louis_information(Setting(theta, data, workers, "louis_information"));
}

Information supplemented_information(const Model& theta, const Data& data, int threads) {
  Workers workers(threads);
  return supplemented_information(Setting(theta, data, workers, "supplemented_information"));
}

}  // namespace jensen
