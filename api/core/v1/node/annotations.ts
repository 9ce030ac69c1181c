import { invalid, required } from "../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../apimachinery/field/path.ts";
import { goBool, goList, goString, goStruct, goTime, goUnmarshal } from "../../../../apimachinery/json/go-unmarshal.ts";
import type { Taint } from "../../../generated/types/core-v1.ts";
import type { Check } from "../pod/validation/check.ts";
import { validateTaints } from "./taints.ts";

// Annotations that hold JSON, from the time before nodes had fields for it: pkg/apis/core/validation
// ValidateNodeSpecificAnnotations.

const taintsKey = "scheduler.alpha.kubernetes.io/taints";
const avoidKey = "scheduler.alpha.kubernetes.io/preferAvoidPods";

const taints = goList(
  "core.Taint",
  goStruct("core.Taint", {
    Key: goString(),
    Value: goString(),
    Effect: goString("core.TaintEffect"),
    TimeAdded: goTime,
  }),
);

const owner = goStruct("v1.OwnerReference", {
  apiVersion: goString(),
  kind: goString(),
  name: goString(),
  uid: goString("types.UID"),
  controller: goBool,
  blockOwnerDeletion: goBool,
});
const avoided = goStruct("v1.PreferAvoidPodsEntry", {
  podSignature: goStruct("v1.PodSignature", { podController: owner }),
  evictionTime: goTime,
  reason: goString(),
  message: goString(),
});
const avoidPods = goStruct("v1.AvoidPods", { preferAvoidPods: goList("v1.PreferAvoidPodsEntry", avoided) });

interface AvoidPods {
  readonly preferAvoidPods?: readonly {
    readonly podSignature?: { readonly podController?: { controller?: boolean } };
  }[];
}

export function validateNodeAnnotations(
  check: Check,
  annotations: Readonly<Record<string, string>> | undefined,
  place: Path,
): void {
  const taintsText = annotations?.[taintsKey];
  if (taintsText) validateAnnotatedTaints(check, taintsText, place);
  const avoidText = annotations?.[avoidKey];
  if (avoidText) validateAvoidPods(check, avoidText, place);
}

function validateAnnotatedTaints(check: Check, text: string, place: Path): void {
  const read = goUnmarshal(text, taints);
  if ("problem" in read) {
    check.errors.push(invalid(place, taintsKey, read.problem));
    return;
  }
  const list = (read.value ?? []) as readonly Readonly<Record<string, string>>[];
  const named = list.map(
    ({ Key, Value, Effect, TimeAdded }) => ({ key: Key, value: Value, effect: Effect, timeAdded: TimeAdded }) as Taint,
  );
  validateTaints(check, named, place.child(taintsKey));
}

function validateAvoidPods(check: Check, text: string, place: Path): void {
  const read = goUnmarshal(text, avoidPods);
  if ("problem" in read) {
    check.errors.push(invalid(place.child("AvoidPods"), avoidKey, read.problem));
    return;
  }
  for (const [i, entry] of ((read.value as AvoidPods | undefined)?.preferAvoidPods ?? []).entries()) {
    const signature = place.child(avoidKey).index(i).child("PodSignature");
    const controller = entry.podSignature?.podController;
    if (controller === undefined) check.errors.push(required(signature));
    else if (controller.controller !== true) {
      check.errors.push(invalid(signature.child("PodController", "Controller"), false, "must point to a controller"));
    }
  }
}
