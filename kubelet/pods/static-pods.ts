import { createHash } from "node:crypto";
import { type FSWatcher, watch } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Pod } from "../../api/core/v1/pod.ts";
import type { JsonValue } from "../../apimachinery/json/json.ts";
import type { Draft } from "../../apimachinery/resource/object.ts";
import { decodeObject } from "../../apimachinery/schema/decode.ts";
import { applyDefaults } from "../../apimachinery/schema/defaults.ts";
import { formatMicroTime } from "../../apimachinery/time/time.ts";
import { parseYaml } from "../../apimachinery/yaml/yaml.ts";
import { isAbortOf, onAbort } from "../../base/cancellation.ts";
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import { namesIn } from "../worker/pod-files.ts";
import { configAnnotations } from "./static-annotations.ts";

export interface StaticPodsOptions {
  readonly directory: string;
  readonly nodeName: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How often the directory is read though nothing says that it has changed (fileCheckFrequency), and how soon after that. */
const rescanMs = 20_000;
const settleMs = 100;

/**
 * Tells the static pods of a directory, now and at each change. Resolves once the first have been told; goes on until `signal`
 * aborts. Files that hold no pod are logged, and stand in nobody's way.
 */
export async function followStaticPods(
  options: StaticPodsOptions,
  tell: (pods: readonly Pod[]) => void,
  signal: AbortSignal,
): Promise<void> {
  const { directory, clock, logger } = options;
  const seen = new Map<string, string>();
  let told = "";
  let reading = Promise.resolve();
  const read = async (): Promise<void> => {
    const pods = await readStaticPods(options, seen);
    const hashes = pods.map(({ metadata }) => metadata.uid).join();
    if (hashes === told && told !== "") return;
    told = hashes;
    if (!signal.aborted) tell(pods);
  };
  const readNext = (): Promise<void> => {
    reading = reading.then(read).catch((error: unknown) => {
      logger.warn("static pods could not be read", { directory, error });
    });
    return reading;
  };
  await mkdir(directory, { recursive: true });
  let watcher: FSWatcher | undefined;
  let pending = false;
  const changed = (): void => {
    if (pending) return;
    pending = true;
    clock.setTimer(settleMs, () => {
      pending = false;
      if (!signal.aborted) void readNext();
    });
  };
  try {
    watcher = watch(directory, changed);
    watcher.on("error", (error) => logger.warn("the directory of static pods is not watched", { directory, error }));
  } catch (error) {
    logger.warn("the directory of static pods is not watched", { directory, error });
  }
  const rescan = async (): Promise<void> => {
    for (;;) {
      await clock.sleep(rescanMs, signal);
      await readNext();
    }
  };
  onAbort(signal, () => watcher?.close());
  await readNext();
  rescan().catch((error: unknown) => {
    if (!isAbortOf(error, signal)) logger.error("static pods are no longer read", { directory, error });
  });
}

/** `seen` keeps when each was first seen, by uid. */
async function readStaticPods(options: StaticPodsOptions, seen: Map<string, string>): Promise<readonly Pod[]> {
  const { directory, logger, clock } = options;
  const pods: Pod[] = [];
  for (const name of [...(await namesIn(directory))].sort()) {
    if (name.startsWith(".")) continue;
    const path = join(directory, name);
    try {
      const pod = staticPod(await readFile(path, "utf8"), { path, nodeName: options.nodeName });
      const uid = pod.metadata.uid ?? "";
      const seenAt = seen.get(uid) ?? formatMicroTime(clock.now());
      seen.set(uid, seenAt);
      const annotations = { ...pod.metadata.annotations, [configAnnotations.seen]: seenAt };
      pods.push({ ...pod, metadata: { ...pod.metadata, annotations } });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EISDIR") continue;
      logger.warn("a file of the static pods' directory holds no pod", { path, error });
    }
  }
  return pods;
}

export interface StaticPodPlace {
  readonly path: string;
  readonly nodeName: string;
}

/** A static pod of a file's text: named after its node, its uid made from what it says (pkg/kubelet/config/common.go). */
export function staticPod(text: string, { path, nodeName }: StaticPodPlace): Pod {
  const { value } = parseYaml(text);
  const { apiVersion, kind } = (value ?? {}) as { readonly apiVersion?: unknown; readonly kind?: unknown };
  if (apiVersion !== "v1" || kind !== "Pod") throw new Error(`invalid pod: ${String(apiVersion)} ${String(kind)}`);
  const hash = createHash("md5").update(JSON.stringify(value)).update(`host:${nodeName}file:${path}`).digest("hex");
  const given = decodePod(value);
  const uid = given.metadata.uid ?? hash;
  const tolerations = [...(given.spec.tolerations ?? []), { operator: "Exists", effect: "NoExecute" }];
  return {
    ...given,
    metadata: {
      ...given.metadata,
      name: `${given.metadata.name}-${nodeName.toLowerCase()}`,
      namespace: given.metadata.namespace ?? "default",
      uid,
      annotations: {
        ...given.metadata.annotations,
        [configAnnotations.hash]: uid,
        [configAnnotations.source]: "file",
      },
    },
    spec: { ...given.spec, nodeName, tolerations },
    status: { phase: "Pending" },
  };
}

/** As the API server would have it, defaults set. */
function decodePod(value: JsonValue): Pod {
  const draft = decodeObject(Pod.schema, value).object as unknown as Draft<Pod>;
  applyDefaults(Pod.schema, draft);
  Pod.setDefaults?.(draft);
  return draft as Pod;
}
