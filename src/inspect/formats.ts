import type { InspectedField, Inspection } from "./inspect-schema.js";

/** An inspection as text, without its remarks but in JSON. */
export type Format = (inspection: Inspection) => string;

export const formats: Readonly<Record<string, Format>> = {
  table: formatTable,
  mermaid: formatMermaid,
  json: (inspection) => JSON.stringify(inspection, null, 2),
};

const HEAD = ["FIELD", "KEY", "TTL", "SCOPE", "TAG", "EVICTED BY"];

/** A row for each tag of a field. */
function formatTable({ fields }: Inspection): string {
  const rows = [HEAD, ...fields.flatMap(rowsOf)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function rowsOf({ coordinate, key, ttlSeconds, scope, tags }: InspectedField): string[][] {
  const about = [coordinate, key === "" ? "-" : key, `${ttlSeconds} s`, scope];
  if (tags.length === 0) return [[...about, "-", "-"]];
  return tags.map(({ template, evictedBy }, index) => [
    ...(index === 0 ? about : about.map(() => "")),
    template,
    evictedBy.length === 0 ? "-" : evictedBy.join(", "),
  ]);
}

/** From what evicts, over the tags, to what is filed under them. */
function formatMermaid({ fields, evictions }: Inspection): string {
  const ids = new Map<string, string>();
  const lines = ["flowchart LR"];
  for (const { coordinate } of evictions) node(coordinate, "[[", "]]");
  for (const { coordinate, ttlSeconds, tags } of fields) {
    const field = node(coordinate, "[", "]", `${coordinate}<br/>${ttlSeconds} s`);
    for (const { template, evictedBy } of tags) {
      const tag = node(`tag ${template}`, "([", "])", template);
      add(`${tag} --> ${field}`);
      for (const evictor of evictedBy) add(`${node(evictor, "[[", "]]")} --> ${tag}`);
    }
  }
  return lines.join("\n");

  function node(name: string, open: string, close: string, label = name): string {
    const known = ids.get(name);
    if (known) return known;
    const id = `n${ids.size + 1}`;
    ids.set(name, id);
    // Within quotes Mermaid reads everything but quotes as text.
    add(`${id}${open}"${label.replaceAll('"', "#quot;")}"${close}`);
    return id;
  }

  function add(line: string): void {
    if (!lines.includes(`  ${line}`)) lines.push(`  ${line}`);
  }
}
