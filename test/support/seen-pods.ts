import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import type { Event } from "../../api/core/v1/event.ts";
import type { Pod } from "../../api/core/v1/pod.ts";
import type { ContainerStatus } from "../../api/generated/types/core-v1.ts";
import { eventually } from "./eventually.ts";
import type { RealCluster } from "./real-cluster.ts";

export interface Seen<T> {
  /** Monotonic milliseconds at which kubectl showed it. */
  readonly atMs: number;
  readonly object: T;
}

/** All that kubectl has shown of a namespace's pods and events since it was asked: no state between two looks is missed. */
export interface SeenPods {
  /** Every state of a pod, the oldest first; the last one is as it is now, or was when it went. */
  history(name: string): readonly Seen<Pod>[];
  /** Resolves with the first state, now or to come, for which this holds. */
  until(name: string, holds: (pod: Pod) => boolean, timeoutMs?: number): Promise<Seen<Pod>>;
  /** Resolves with the first event about an object that says this. */
  event(about: string, reason: string, message: string | RegExp, timeoutMs?: number): Promise<Event>;
  /** Events about an object, as `REASON: MESSAGE`. */
  events(about: string): readonly string[];
}

/** Follows them until the test ends. */
export function followPods(t: TestContext, { namespace, kubeconfig }: RealCluster): SeenPods {
  const pods = new Map<string, Seen<Pod>[]>();
  const events: Event[] = [];
  follow(t, namespace.command("kubectl", watch("pods", kubeconfig)), (pod: Pod) => {
    const { name = "" } = pod.metadata;
    pods.set(name, [...(pods.get(name) ?? []), { atMs: performance.now(), object: pod }]);
  });
  follow(t, namespace.command("kubectl", watch("events", kubeconfig)), (event: Event) => void events.push(event));
  const history: SeenPods["history"] = (name) => pods.get(name) ?? [];
  const about = (name: string) => events.filter(({ involvedObject }) => involvedObject.name === name);
  const said: SeenPods["events"] = (name) => about(name).map(({ reason, message }) => `${reason}: ${message}`);
  return {
    history,
    events: said,
    until: (name, holds, timeoutMs = 60_000) =>
      eventually(
        () => {
          const found = history(name).find(({ object }) => holds(object));
          if (found !== undefined) return found;
          const last = JSON.stringify(history(name).at(-1)?.object.status, undefined, 1);
          throw new Error(`${name} is not so:\n${last}\n${said(name).join("\n")}`);
        },
        { timeoutMs },
      ),
    event: (name, reason, text, timeoutMs = 60_000) =>
      eventually(
        () => {
          const says = ({ message = "" }: Event) => (typeof text === "string" ? message === text : text.test(message));
          const found = about(name).find((event) => event.reason === reason && says(event));
          if (found !== undefined) return found;
          throw new Error(`no event ${reason}: ${text} about ${name}, but:\n${said(name).join("\n")}`);
        },
        { timeoutMs },
      ),
  };
}

function watch(resource: string, kubeconfig: string): readonly string[] {
  return ["--kubeconfig", kubeconfig, "get", resource, "--watch", "-o", "json"];
}

/** kubectl prints one object after another, each over many lines, of which only the last begins with a closing brace. */
function follow<T>(t: TestContext, [program, args]: [string, string[]], onObject: (object: T) => void): void {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => void child.kill());
  let lines: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    if (line !== "}") return;
    onObject(JSON.parse(lines.join("\n")) as T);
    lines = [];
  });
}

/** A container's status, of whatever kind; undefined where there is none yet. */
export function containerOf({ status }: Pod, name = "c"): ContainerStatus | undefined {
  const all = [
    ...(status.containerStatuses ?? []),
    ...(status.initContainerStatuses ?? []),
    ...(status.ephemeralContainerStatuses ?? []),
  ];
  return all.find((container) => container.name === name);
}

export function isReady({ status }: Pod): boolean {
  return status.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;
}
