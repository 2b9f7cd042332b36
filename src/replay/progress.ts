import { Presets, SingleBar } from "cli-progress";
import { percent, type Sample } from "./report.js";

export interface ReplayTerminal {
  write(text: string): unknown;
  isTTY?: boolean | undefined;
}

export interface ReplayProgress {
  show(sample: Sample): void;
  end(): void;
}

/** Where there is no terminal, a line so often. */
const LINE_EVERY_SECONDS = 30;

/** A bar with the live hit ratio on a terminal, and elsewhere a line now and then. */
export function createReplayProgress(terminal: ReplayTerminal, orders: number): ReplayProgress {
  const bar = terminal.isTTY
    ? new SingleBar(
        {
          format: "{bar} {value}/{total} orders  {reads} reads/s  {hits} hits  p99 {p99} ms",
          stream: terminal as NodeJS.WriteStream,
          hideCursor: true,
        },
        Presets.shades_classic,
      )
    : undefined;
  const texts = ({ readsASecond, hitRatio, p99Ms }: Sample) => ({
    reads: Math.round(readsASecond),
    hits: percent(hitRatio),
    p99: p99Ms.toFixed(1),
  });
  bar?.start(orders, 0, { reads: 0, hits: "–", p99: "–" });
  let toldAt = 0;

  return {
    show(sample) {
      if (bar) bar.update(sample.orders, texts(sample));
      else if (sample.atSeconds - toldAt >= LINE_EVERY_SECONDS) {
        toldAt = sample.atSeconds;
        const { reads, hits, p99 } = texts(sample);
        terminal.write(
          `${sample.atSeconds.toFixed(0)} s: ${sample.orders} of ${orders} orders, ${reads} reads/s, ${hits} hits, p99 ${p99} ms\n`,
        );
      }
    },
    end: () => bar?.stop(),
  };
}
