import { createReadStream } from "node:fs";
import { join } from "node:path";
import { pipeline, Readable } from "node:stream";
import { CsvError, parse } from "csv-parse";
import { ImportError } from "./errors.js";
import { decodeChunks, isUtf8, withPlainLineEnds } from "./text-encoding.js";

/** One row of a CSV file, that knows where it stands. */
export interface CsvRow {
  /** Of the row's last line in the file, counted from 1. */
  line: number;
  /** The column's text, without spaces around it; never empty. */
  get(column: string): string;
  /** The error that `column` is not what it must be, as `must be a whole number`. */
  refuse(column: string, must: string): ImportError;
  /** The error that the row as a whole is not what it must be. */
  refuseRow(problem: string): ImportError;
}

/**
 * Streams the rows of a CSV file with headers in its first line, in UTF-8 or else in Windows-1252.
 * Columns may come in any order, and more of them than asked for.
 *
 * @throws ImportError naming file and line, when the file is missing or malformed.
 */
export async function* readCsv(
  folder: string,
  file: string,
  columns: readonly string[],
  onBytes: (bytes: number) => void,
): AsyncGenerator<CsvRow> {
  const path = join(folder, file);
  try {
    const encoding = (await isUtf8(path)) ? "utf8" : "windows-1252";
    const chunks = createReadStream(path);
    chunks.on("data", (chunk) => onBytes(chunk.length));
    const parser = parse({
      bom: true,
      info: true,
      trim: true,
      skip_empty_lines: true,
      relax_column_count: true,
      max_record_size: 65_536,
    });
    const text = withPlainLineEnds(decodeChunks(chunks, encoding));
    pipeline(Readable.from(text), parser, () => {});

    let header: string[] | undefined;
    for await (const { record, info } of parser as AsyncIterable<ParsedRecord>) {
      if (header === undefined) header = checkedHeader(file, record, columns);
      else yield createRow(file, info.lines, header, record);
    }
    if (header === undefined) throw missing(file, columns, []);
  } catch (error) {
    throw asImportError(error, file);
  }
}

interface ParsedRecord {
  record: string[];
  info: { lines: number };
}

function checkedHeader(file: string, header: string[], columns: readonly string[]): string[] {
  if (columns.every((column) => header.includes(column))) return header;
  throw missing(file, columns, header);
}

function missing(file: string, columns: readonly string[], header: string[]): ImportError {
  const came = header.length === 0 ? "nothing" : shown(header.join(", "));
  return new ImportError(file, 1, `the header must have ${columns.join(", ")}; ${came} came.`);
}

function createRow(file: string, line: number, header: string[], record: string[]): CsvRow {
  const refuseRow = (problem: string) => new ImportError(file, line, problem);
  if (record.length !== header.length) {
    throw refuseRow(`a row must have ${header.length} fields; ${record.length} came.`);
  }
  const value = (column: string) => record[header.indexOf(column)] ?? "";
  const refuse = (column: string, must: string) =>
    refuseRow(`${column} ${must}; ${shown(value(column))} came.`);
  return {
    line,
    get: (column) => {
      const text = value(column);
      if (text === "") throw refuse(column, "must not be empty");
      if (/\p{Cc}/u.test(text)) throw refuse(column, "must not contain control characters");
      return text;
    },
    refuse,
    refuseRow,
  };
}

function asImportError(error: unknown, file: string): unknown {
  if (error instanceof CsvError) {
    const line = typeof error.lines === "number" ? error.lines : undefined;
    return new ImportError(file, line, `must be CSV: ${error.message}.`, error);
  }
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "ENOENT" || code === "ENOTDIR") {
    return new ImportError(file, undefined, "must be in the folder, and is not.", error);
  }
  if (code === "EACCES" || code === "EISDIR") {
    return new ImportError(
      file,
      undefined,
      `must be a file that can be read; ${code} came.`,
      error,
    );
  }
  return error;
}

/** A value from outside, cut and quoted, fit for one line. */
function shown(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
