import { isKept } from "./closing-checks.js";
import { percent, type Report, reportText, type Sample, whole } from "./report.js";

const WIDTH = 880;
const HEIGHT = 180;
const LEFT = 60;
const BOTTOM = 24;

interface Curve {
  readonly name: string;
  readonly color: string;
  readonly of: (sample: Sample) => number;
}

/** The report as one page that needs nothing else: the text, and plots over the time of the replay. */
export function reportPage(report: Report): string {
  const { samples } = report;
  const isWhole = report.reads.stale === 0 && report.checks.every(isKept);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Replay of ${whole(report.orders)} orders</title>
<style>
  body { font: 15px/1.5 system-ui, sans-serif; max-width: ${WIDTH + 40}px; margin: 2em auto; padding: 0 1em; color: #222; }
  pre { background: #f6f6f4; padding: 1em; overflow-x: auto; font-size: 13px; }
  svg { width: 100%; height: auto; } svg text { font-size: 11px; fill: #666; }
  .verdict { color: ${isWhole ? "#1a7f37" : "#b42318"}; }
</style>
<h1>Replay of ${whole(report.orders)} orders</h1>
<p class="verdict">${isWhole ? "Nothing stale, and all sums are right." : "Something is wrong: see below."}</p>
${plot("Reads a second", samples, [{ name: "reads/s", color: "#2563eb", of: (one) => one.readsASecond }], (value) => whole(value))}
${plot("Hit ratio of menu and menuItem", samples, [{ name: "hits", color: "#1a7f37", of: (one) => one.hitRatio }], percent, { least: 0, most: 1 })}
${plot(
  "Time of a read, ms",
  samples,
  [
    { name: "p50", color: "#2563eb", of: (one) => one.p50Ms },
    { name: "p99", color: "#d97706", of: (one) => one.p99Ms },
  ],
  (value) => value.toFixed(1),
)}
${plot("Orders placed", samples, [{ name: "orders", color: "#7c3aed", of: (one) => one.orders }], (value) => whole(value))}
<pre>${escaped(reportText(report))}</pre>
</html>
`;
}

function plot(
  title: string,
  samples: readonly Sample[],
  curves: readonly Curve[],
  label: (value: number) => string,
  range: { least?: number; most?: number } = {},
): string {
  const values = curves.flatMap(({ of }) => samples.map(of));
  const least = range.least ?? 0;
  const most = range.most ?? Math.max(1e-9, ...values);
  const end = Math.max(1e-9, samples.at(-1)?.atSeconds ?? 0);
  const x = (seconds: number) => LEFT + (seconds / end) * (WIDTH - LEFT - 10);
  const y = (value: number) =>
    HEIGHT - BOTTOM - ((value - least) / (most - least)) * (HEIGHT - BOTTOM - 10);
  const lines = curves.map(({ color, of }) => {
    const points = samples.map((one) => `${x(one.atSeconds).toFixed(1)},${y(of(one)).toFixed(1)}`);
    return `<polyline fill="none" stroke="${color}" stroke-width="1.5" points="${points.join(" ")}"/>`;
  });
  const legend = curves.map(
    ({ name, color }, at) =>
      `<text x="${WIDTH - 60 * (curves.length - at)}" y="12" style="fill:${color}">${name}</text>`,
  );
  const marks = [least, (least + most) / 2, most].map(
    (value) =>
      `<line x1="${LEFT}" x2="${WIDTH - 10}" y1="${y(value)}" y2="${y(value)}" stroke="#e5e5e5"/>` +
      `<text x="${LEFT - 6}" y="${y(value) + 4}" text-anchor="end">${label(value)}</text>`,
  );
  return `<h2>${title}</h2>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}">
${marks.join("\n")}
<text x="${LEFT}" y="${HEIGHT - 6}">0 s</text>
<text x="${WIDTH - 10}" y="${HEIGHT - 6}" text-anchor="end">${end.toFixed(0)} s</text>
${lines.join("\n")}
${legend.join("\n")}
</svg>`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
