import { Presets, SingleBar } from "cli-progress";

/** Where a command writes. */
export interface Terminal {
  write(text: string): unknown;
  /** Whether a line may be drawn over. */
  isTTY?: boolean | undefined;
}

export interface ImportProgress {
  show(step: "read" | "write", done: number, total: number): void;
  /** Leaves the terminal as it was. May be called again. */
  end(): void;
}

const labels = { read: "Reading files", write: "Writing orders" } as const;

/** A bar on a terminal, and elsewhere one plain line for each step. */
export function createImportProgress(terminal: Terminal): ImportProgress {
  let bar: SingleBar | undefined;
  let current: keyof typeof labels | undefined;

  function begin(step: keyof typeof labels, total: number): void {
    end();
    current = step;
    if (!terminal.isTTY) {
      terminal.write(`${labels[step]} …\n`);
      return;
    }
    bar = new SingleBar(
      {
        format: `${labels[step].padEnd(14)} {bar} {percentage} %`,
        stream: terminal as NodeJS.WriteStream,
        hideCursor: true,
      },
      Presets.shades_classic,
    );
    bar.start(total, 0);
  }

  function end(): void {
    bar?.stop();
    bar = undefined;
  }

  return {
    show: (step, done, total) => {
      if (step !== current) begin(step, total);
      bar?.update(done);
    },
    end,
  };
}
