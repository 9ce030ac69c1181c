import { Agent, get } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

/**
 * Asks a URL again and again, each time over a connection of its own, until its standard input ends: `URL EVERY-MS`. Then it
 * prints, as JSON, how often it asked and what went wrong.
 */
const [url = "", everyMs = "20"] = process.argv.slice(2);
const agent = new Agent({ keepAlive: false });
const answers = new Map<string, number>();
const failures: string[] = [];
let longestMs = 0;

function ask(): Promise<void> {
  const startedMs = performance.now();
  return new Promise((resolve) => {
    const done = (failure?: string) => {
      longestMs = Math.max(longestMs, performance.now() - startedMs);
      if (failure !== undefined) failures.push(`${new Date().toISOString()} ${failure}`);
      resolve();
    };
    const request = get(url, { agent, timeout: 10_000 }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      response.on("error", (error) => done(error.message));
      response.on("end", () => {
        answers.set(text.trim(), (answers.get(text.trim()) ?? 0) + 1);
        done(response.statusCode === 200 ? undefined : `answered ${response.statusCode}`);
      });
    });
    request.on("timeout", () => request.destroy(new Error("no answer in 10 s")));
    request.on("error", (error) => done(error.message));
  });
}

let ended = false;
process.stdin.resume().on("end", () => {
  ended = true;
});
process.stdout.write("asking\n");
const open = new Set<Promise<void>>();
while (!ended) {
  const one = ask().finally(() => open.delete(one));
  open.add(one);
  await delay(Number(everyMs));
}
await Promise.all(open);
process.stdout.write(`${JSON.stringify({ answers: Object.fromEntries(answers), failures, longestMs })}\n`);
