// Draws docs/figures/bound.svg: ℓ(π) of the genetic linkage model and the bounds F(q_t, π) that touch it at the
// iterates π_t, each bound's maximum being the next iterate.
//   example_bound_figure > docs/figures/bound.svg
#include "genetic_linkage.h"

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include <jensen/data/table.h>
#include <jensen/em/bound.h>

namespace {

constexpr double left = 0.05;
constexpr double right = 0.95;
constexpr double bottom = -45;  // below the maximum of ℓ
constexpr double top = 3;
constexpr int width = 640;
constexpr int height = 400;
constexpr int margin = 48;

double across(double pi) { return margin + (pi - left) / (right - left) * (width - 2 * margin); }
double down(double rise) { return margin + (top - rise) / (top - bottom) * (height - 2 * margin); }

template <class Curve>
void draw(Curve curve, const char* colour, const char* more) {
  std::printf("<path fill=\"none\" stroke=\"%s\" %s d=\"", colour, more);
  const char* command = "M";
  for (int step = 0; step <= 180; ++step) {
    const double pi = left + (right - left) * step / 180;
    const double rise = curve(pi);
    if (rise < bottom) continue;
    std::printf("%s%.1f %.1f ", command, across(pi), down(rise));
    command = "L";
  }
  std::printf("\"/>\n");
}

}  // namespace

int main() {
  const jensen::Table animals = jensen::Table({0, 1, 2, 3}, 4, 1).with_weights({125, 18, 20, 34});
  const auto log_likelihood = [&](double pi) {
    return jensen::lower_bound(GeneticLinkage{pi}, jensen::Posterior{}, animals, 1).log_likelihood;
  };
  const double best = log_likelihood(0.6268214978709824);
  std::printf(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" "
      "font-size=\"13\">\n<rect width=\"%d\" height=\"%d\" fill=\"white\"/>\n",
      width, height, width, height);
  std::printf("<path stroke=\"black\" fill=\"none\" d=\"M%d %d V%d H%d\"/>\n", margin, margin, height - margin,
              width - margin);
  const std::vector<const char*> colours{"#d95f02", "#7570b3", "#1b9e77"};
  std::string marks;
  GeneticLinkage at{0.1};
  bool sound = true;
  for (const char* colour : colours) {
    const GeneticLinkage q = at;
    const auto bound = [&](double pi) {
      return jensen::lower_bound(q, jensen::Posterior{}, GeneticLinkage{pi}, animals, 1).value();
    };
    draw([&](double pi) { return bound(pi) - best; }, colour, "stroke-width=\"1.5\" stroke-dasharray=\"6 3\"");
    const double touches = bound(q.pi);
    sound = sound && std::abs(touches - log_likelihood(q.pi)) < 1e-10;
    char mark[160];
    std::snprintf(mark, sizeof mark, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"%s\"/>\n", across(q.pi),
                  down(std::max(bottom, touches - best)), colour);
    marks += mark;
    // The M-step, found on the curve itself as a check on the model's own.
    double peak = left;
    for (double pi = left; pi <= right; pi += 1e-4) peak = bound(pi) > bound(peak) ? pi : peak;
    jensen::Statistics s = q.no_statistics();
    jensen::BlockBuffer buffer;
    q.expect(animals.block(0, 4, buffer), jensen::Posterior{}, s);
    at.maximize(s);
    sound = sound && std::abs(at.pi - peak) < 2e-4;
    std::snprintf(mark, sizeof mark, "<path stroke=\"%s\" d=\"M%.1f %.1f V%d\" stroke-dasharray=\"1 3\"/>\n", colour,
                  across(at.pi), down(bound(at.pi) - best), height - margin);
    marks += mark;
  }
  draw([&](double pi) { return log_likelihood(pi) - best; }, "black", "stroke-width=\"2\"");
  std::printf("%s", marks.c_str());
  for (int tick = 1; tick <= 9; tick += 2) {
    std::printf("<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">0.%d</text>\n", across(tick / 10.0),
                height - margin + 18, tick);
  }
  std::printf("<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">π</text>\n", width / 2, height - 8);
  std::printf(
      "<text x=\"%d\" y=\"%d\">log-likelihood ℓ(π), black, and the bounds F(q_t, π), dashed, that touch it at "
      "π_t</text>\n</svg>\n",
      margin, margin - 16);
  return sound ? 0 : 1;
}
