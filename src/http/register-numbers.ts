import { Counter, type Registry } from "prom-client";

/** Counters read when they are scraped, so that a hit costs nothing here. */
export function registerNumbers<Name extends string>(
  registry: Registry,
  prefix: string,
  numbers: Readonly<Record<Name, string>>,
  read: () => Readonly<Record<Name, number>>,
): void {
  for (const [name, help] of Object.entries(numbers) as [Name, string][]) {
    new Counter({
      name: `${prefix}_${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}_total`,
      help,
      registers: [registry],
      collect() {
        this.reset();
        this.inc(read()[name]);
      },
    });
  }
}
