import type { Pod, Toleration } from "../../api/generated/types/core-v1.ts";
import type { Draft } from "../../apimachinery/resource/object.ts";
import type { AdmissionPlugin } from "./plugin.ts";
import { concerns } from "./refusal.ts";

const tolerationSeconds = 300;
const keys = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];

/** Lets pods stay for five minutes on a node that is lost, unless they say otherwise (plugin/pkg/admission/defaulttolerationseconds). */
export const defaultTolerationSeconds: AdmissionPlugin = {
  name: "DefaultTolerationSeconds",
  handles: (attributes) =>
    (attributes.operation === "CREATE" || attributes.operation === "UPDATE") && concerns(attributes, "", "pods"),
  admit({ object }) {
    const { spec } = object as Draft<Pod>;
    const present: readonly Toleration[] = spec.tolerations ?? [];
    const missing = keys.filter(
      (key) => !present.some((one) => (!one.key || one.key === key) && (!one.effect || one.effect === "NoExecute")),
    );
    if (missing.length === 0) return;
    spec.tolerations = [
      ...(spec.tolerations ?? []),
      ...missing.map((key) => ({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds })),
    ];
  },
};
