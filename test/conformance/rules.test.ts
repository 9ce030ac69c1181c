import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { clientOf, type HttpClient } from "../support/http.ts";
import { recordReached } from "./rules/reached.ts";
import { findSites } from "./rules/sites.ts";

/**
 * Every rule of validation of every built-in kind: by an object that keeps it and one that breaks it, and by the answer. That
 * none is left out is checked as well: each call in the source of the rules that can end in a field error has to have ended
 * in one. `K8TS_RULES=api/batch` shows what that folder lacks.
 */
const reached = recordReached();
const { startHttpsServer } = await import("../support/https-server.ts");
const { checkRules } = await import("./rules/check.ts");
const { areas, prepare } = await import("./rules/all.ts");

/** Where the rules are. */
const folders = ["api/", "apimachinery/structural/", "apimachinery/validation/"];
const asked = process.env["K8TS_RULES"];
const unreachable = new Map(areas.flatMap((area) => Object.entries(area.unreachable)));

describe("rules of validation", { timeout: 300_000 }, () => {
  const open: { readonly client: HttpClient; close(): Promise<void> }[] = [];
  before(async () => {
    for (const serviceCidrs of [["10.96.0.0/16"], ["10.96.0.0/16", "fd00:10:96::/112"]]) {
      const https = await startHttpsServer({ more: { serviceCidrs } });
      const client = clientOf.h2(https.port, https.admin);
      open.push({
        client,
        close: () => {
          client.close();
          return https.close();
        },
      });
      await prepare(client);
    }
  });
  after(() => Promise.all(open.map((one) => one.close())));

  for (const rules of areas.flatMap(({ kinds }) => kinds)) {
    checkRules(rules, () => open[rules.dualStack ? 1 : 0]!.client);
  }

  test("each of them has a case that breaks it", async () => {
    const sites = await findSites(asked === undefined ? folders : [asked]);
    const missing = sites
      .filter(({ places }) => !places.some((place) => reached.has(place)))
      .filter(({ file, text }) => unreachable.get(file)?.[text] === undefined)
      .map(({ places, text }) => `${places[0]} ${text}`);
    const count = `${missing.length} of ${sites.length} calls were never reached by an error`;
    assert.equal(missing.length, 0, [count, ...missing].join("\n"));
  });

  test("what is told to be unreachable is in the source, and is not reached", async () => {
    const sites = await findSites(folders);
    const wrong = [...unreachable].flatMap(([file, lines]) =>
      Object.keys(lines).filter((line) => {
        const here = sites.filter((site) => site.file === file && site.text === line);
        return here.length === 0 || here.every(({ places }) => places.some((place) => reached.has(place)));
      }),
    );
    assert.deepEqual(wrong, []);
  });
});
