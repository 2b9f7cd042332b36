import { describe, expect, test } from "vitest";
import { openDatabase } from "../../src/origin/database.js";
import { ImportError, InvalidInputError } from "../../src/origin/errors.js";
import { runImportCommand } from "../../src/origin/import-command.js";
import { listMenu } from "../../src/origin/menu.js";
import { freshPlace } from "../support/database.js";
import { salesFolder } from "../support/sales-folder.js";

function recorder(isTTY = false) {
  const written: string[] = [];
  return {
    written,
    terminal: { isTTY, write: (text: string) => written.push(text) },
  };
}

describe("the import command", async () => {
  test("imports, says so in plain lines, and lets the caller evict after the commit", async () => {
    await using place = await freshPlace("pglite");
    await using folder = await salesFolder();
    const { written, terminal } = recorder();
    const menus: string[][] = [];
    const summary = await runImportCommand({
      args: [folder.path],
      openDatabase: () => openDatabase(place.options),
      afterCommit: async ({ changedItemIds }, database) => {
        menus.push(changedItemIds);
        menus.push((await listMenu(database)).map((item) => item.id));
      },
      terminal,
    });
    expect(menus).toStrictEqual([summary.changedItemIds, ["comet", "meteor"]]);
    expect(written).toStrictEqual([
      "Reading files …\n",
      "Writing orders …\n",
      `Imported 2 items with 3 sizes (${summary.changedItemIds.length} items changed); 3 orders with 4 lines (3 orders new): 8 pizzas, revenue 101.00.\n`,
    ]);

    const second = recorder();
    await runImportCommand({
      args: ["--menu-only", folder.path],
      openDatabase: () => openDatabase(place.options),
      afterCommit: async () => {},
      terminal: second.terminal,
    });
    expect(second.written.at(-1)).toBe("Imported 2 items with 3 sizes (0 items changed).\n");
  });

  test("closes the database and evicts nothing when the folder is refused", async () => {
    await using place = await freshPlace("pglite");
    const command = {
      args: ["no-such-folder"],
      openDatabase: () => openDatabase(place.options),
      afterCommit: async () => {
        throw new Error("nothing was committed");
      },
      terminal: recorder().terminal,
    };
    await expect(runImportCommand(command)).rejects.toThrow(ImportError);
    await expect(runImportCommand(command)).rejects.toThrow(ImportError); // The folder's lock is free again.
  });

  test.each([[[]], [["a", "b"]], [["--wrong", "a"]]])("refuses the arguments %o", async (args) => {
    const command = {
      args,
      openDatabase: async () => {
        throw new Error("must not be opened");
      },
      afterCommit: async () => {},
      terminal: recorder().terminal,
    };
    await expect(runImportCommand(command)).rejects.toThrow(InvalidInputError);
    await expect(runImportCommand(command)).rejects.toThrow(/^usage: npm run import/);
  });
});
