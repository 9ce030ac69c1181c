import { setTimeout as delay } from "node:timers/promises";
import type { Answer } from "../../apiserver/webhook-client/testing/webhook-server.ts";
import type { Thing } from "./typed-client.ts";
import { patches, says } from "./webhook-subject.ts";

interface Request {
  readonly name?: string;
  readonly operation: string;
  readonly object: Thing | null;
  readonly oldObject: Thing | null;
}

const allowed = { allowed: true };
/** The words are a reason and not a message, as upstream's webhook has them. */
const denied = (reason: string): object => ({ allowed: false, status: { reason } });
const add = (path: string, value: unknown = "yes"): object => patches({ op: "add", path, value });

/** Each mutation that an object asks for, one after the other. */
function stages(data: Readonly<Record<string, string>> = {}): object {
  if (data["mutation-stage-1"] === "yes") return add("/data/mutation-stage-2");
  return data["mutation-start"] === "yes" ? add("/data/mutation-stage-1") : allowed;
}

/** What upstream's webhook answers, by path. */
const answers: Readonly<Record<string, (request: Request) => object>> = {
  "/always-deny": () => denied("this webhook denies all requests"),
  "/always-allow": () => allowed,
  "/add-label": () => add("/metadata/labels", { "added-label": "yes" }),
  "/pods/attach": ({ name }) =>
    name === "to-be-attached-pod" ? denied("attaching to pod 'to-be-attached-pod' is not allowed") : allowed,
  "/mutating-configmaps": ({ object }) => stages(object?.["data"]),
  "/mutating-custom-resource": ({ object }) => stages(object?.["data"]),
  "/configmaps": ({ object }) =>
    object?.["data"]?.["webhook-e2e-test"] === "webhook-disallow"
      ? denied("the configmap contains unwanted key and value")
      : allowed,
  "/pods": ({ object }) => {
    const reasons = [];
    if (object?.metadata.labels?.["webhook-e2e-test"] === "webhook-disallow") {
      reasons.push("the pod contains unwanted label");
    }
    const containers = object?.["spec"].containers as readonly { name: string }[];
    if (containers.some(({ name }) => name === "webhook-disallow")) {
      reasons.push("the pod contains unwanted container name");
    }
    return reasons.length === 0 ? allowed : denied(reasons.join("; "));
  },
  "/mutating-pods": () =>
    add("/spec/initContainers", [
      { image: "webhook-added-image", name: "webhook-added-init-container", resources: {} },
    ]),
  "/crd": ({ object }) =>
    object?.metadata.labels?.["webhook-e2e-test"] === "webhook-disallow"
      ? denied("the crd contains unwanted label")
      : allowed,
  "/custom-resource": ({ operation, object, oldObject }) => {
    const is = ({ data }: Thing, value: string): boolean => data["webhook-e2e-test"] === value;
    if (operation !== "DELETE") {
      return is(object!, "webhook-disallow") ? denied("the custom resource contains unwanted data") : allowed;
    }
    const reason = "the custom resource cannot be deleted because it contains unwanted key and value";
    return is(oldObject!, "webhook-nondeletable") ? denied(reason) : allowed;
  },
};

/** Answers as the webhook of upstream's own tests does (test/images/agnhost/webhook). */
export const answersOfUpstream: Answer = async (call, response) => {
  const path = call.path.split("?")[0]!;
  const { request } = call.body as { request: Request };
  if (path === "/always-allow-delay-5s") await delay(1_300);
  if (request.object?.metadata.labels?.["webhook-e2e-test"] === "wait-forever") return undefined;
  return says((answers[path] ?? answers["/always-allow"]!)(request))(call, response);
};
