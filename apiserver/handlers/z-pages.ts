import { ApiError } from "../../apimachinery/errors/api-error.ts";
import { formatTime } from "../../apimachinery/time/time.ts";
import { dumpYaml } from "../../apimachinery/yaml/yaml.ts";
import type { Clock } from "../../base/clock.ts";
import { type Clause, clausesOf } from "../accept.ts";
import type { ApiRequest } from "../request.ts";
import type { ApiResponse } from "../response.ts";
import type { PathHandler } from "./paths.ts";

// `/statusz` and `/flagz`: a page for people, an object for programs that ask for one (KEP-4827, KEP-4828;
// apiserver/pkg/server/{statusz,flagz}).

const component = "apiserver";
const group = "config.k8s.io";
const versions = ["v1beta1", "v1alpha1"];
const accepted = ["application/json", "application/yaml", "text/plain"];
/** Folders that tell nothing of the server itself. */
const unlisted: ReadonlySet<string> = new Set(["/apis", "/api", "/openid", "/openapi", "/.well-known"]);

export interface StatuszParts {
  readonly clock: Clock;
  /** When the server began, in milliseconds since 1970. */
  readonly startedAt: number;
  readonly version: { readonly gitVersion: string; readonly goVersion?: string };
  readonly paths: () => readonly string[];
}

/** What runs here, and since when. */
export function statuszHandler({ clock, startedAt, version, paths }: StatuszParts): PathHandler {
  const status = () => ({
    startTime: formatTime(startedAt),
    uptimeSeconds: Math.max(0, Math.floor((clock.now() - startedAt) / 1000)),
    goVersion: version.goVersion ?? "",
    binaryVersion: version.gitVersion.replace(/^v/, ""),
    emulationVersion: "1.36",
    paths: foldersOf(paths()),
  });
  return page("statusz", "Statusz", status, ({ uptimeSeconds: up, ...said }) => [
    "",
    `Started: ${said.startTime}`,
    `Up: ${Math.floor(up / 3600)} hr ${two(up / 60)} min ${two(up)} sec`,
    `Go version: ${said.goVersion}`,
    `Binary version: ${said.binaryVersion}`,
    `Emulation version: ${said.emulationVersion}`,
    `Paths: ${said.paths.join(" ")}`,
  ]);
}

/** The flags that the server runs with, and their values. */
export function flagzHandler(flags: Readonly<Record<string, string>>): PathHandler {
  const sorted = Object.keys(flags).sort();
  return page(
    "flagz",
    "Flagz",
    () => ({ flags }),
    () => sorted.map((name) => `${name}: ${flags[name]}`),
  );
}

function page<T extends object>(
  name: string,
  kind: string,
  value: () => T,
  lines: (value: T) => readonly string[],
): PathHandler {
  const text = (): ApiResponse => ({
    type: "raw",
    status: 200,
    contentType: "text/plain; charset=utf-8",
    body: `\n${component} ${name}\nWarning: This endpoint is not meant to be machine parseable, has no formatting compatibility guarantees and is for debugging purposes only.\n${lines(value()).join("\n")}\n`,
  });
  return (request) => {
    const chosen = choose(request, kind);
    if (chosen.type === "text") return text();
    const object = {
      kind,
      apiVersion: `${group}/${chosen.version}`,
      metadata: { name: component },
      ...value(),
    };
    if (chosen.version === "v1alpha1") {
      request.warnings.add(`This version of the ${name} endpoint is deprecated. Please use a newer version.`);
    }
    const body = chosen.type === "json" ? `${JSON.stringify(object)}\n` : dumpYaml(object);
    return { type: "raw", status: 200, contentType: `application/${chosen.type}`, body };
  };
}

type Choice = { readonly type: "text" } | { readonly type: "json" | "yaml"; readonly version: string };

/** The first clause that can be had: text for who takes anything, an object for who names its kind. Throws NotAcceptable. */
function choose(request: ApiRequest, kind: string): Choice {
  const accept = (request.header("accept") ?? "").trim();
  if (accept === "") return { type: "text" };
  for (const clause of clausesOf(accept)) {
    const choice = choiceOf(clause, kind);
    if (choice !== undefined) return choice;
  }
  throw ApiError.notAcceptable(accepted);
}

function choiceOf({ mediaType, parameters }: Clause, kind: string): Choice | undefined {
  const as = parameters.get("as");
  if (as === undefined) return ["*/*", "text/*", "text/plain"].includes(mediaType) ? { type: "text" } : undefined;
  const version = parameters.get("v") ?? "";
  if (as !== kind || parameters.get("g") !== group || !versions.includes(version)) return undefined;
  if (mediaType === "application/yaml") return { type: "yaml", version };
  return ["application/json", "application/*", "*/*"].includes(mediaType) ? { type: "json", version } : undefined;
}

function foldersOf(paths: readonly string[]): readonly string[] {
  const folders = paths.map((path) => `/${path.split("/")[1] ?? ""}`);
  return [...new Set(folders)].filter((folder) => folder !== "/" && !unlisted.has(folder)).sort();
}

function two(count: number): string {
  return String(Math.floor(count) % 60).padStart(2, "0");
}
