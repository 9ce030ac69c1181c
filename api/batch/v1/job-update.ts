import { invalid } from "../../../apimachinery/field/errors.ts";
import { type Path, path } from "../../../apimachinery/field/path.ts";
import { semanticEqual } from "../../../apimachinery/json/equal.ts";
import type { Draft } from "../../../apimachinery/resource/object.ts";
import { thaw } from "../../../apimachinery/resource/thaw.ts";
import { validateImmutableField } from "../../../apimachinery/validation/immutable.ts";
import type { Check } from "../../core/v1/pod/validation/check.ts";
import { copyFields } from "../../core/v1/pod/validation/update.ts";
import type { Job, JobSpec } from "../../generated/types/batch-v1.ts";
import type { Container, PodSpec, PodTemplateSpec } from "../../generated/types/core-v1.ts";
import { internalPodSpec, internalPodTemplate, internalValue } from "../../internal-values.ts";
import { isTrue } from "./job-conditions.ts";

const specPath = path("spec");

/** What may change of a job (pkg/apis/batch/validation ValidateJobSpecUpdate). */
export function validateJobSpecUpdate(check: Check, { spec }: Job, old: Job): void {
  validateCompletions(check, spec, old.spec);
  const immutable = (field: keyof JobSpec) =>
    check.errors.push(...validateImmutableField(spec[field], old.spec[field], specPath.child(field)));
  immutable("selector");
  validateTemplate(check, spec.template, old);
  immutable("completionMode");
  validateShown(check, "podFailurePolicy", spec, old.spec, internalValue("PodFailurePolicy", spec.podFailurePolicy));
  immutable("backoffLimitPerIndex");
  immutable("managedBy");
  validateShown(check, "successPolicy", spec, old.spec, internalValue("SuccessPolicy", spec.successPolicy));
}

/** `shown` is what the message shows: upstream's internal form. */
function validateShown(check: Check, field: keyof JobSpec, spec: JobSpec, old: JobSpec, shown: unknown): void {
  if (semanticEqual(spec[field], old[field])) return;
  check.errors.push(invalid(specPath.child(field), shown, "field is immutable"));
}

/** An indexed job grows and shrinks as a whole. */
function validateCompletions(check: Check, spec: JobSpec, old: JobSpec): void {
  const { completions, parallelism } = spec;
  const at = specPath.child("completions");
  if (spec.completionMode !== "Indexed") {
    check.errors.push(...validateImmutableField(completions, old.completions, at));
  } else if (completions !== old.completions && completions !== undefined && completions !== parallelism) {
    check.errors.push(invalid(at, completions, "can only be modified in tandem with spec.parallelism"));
  }
}

/** A suspended job that runs nothing may still be told where to run and with what. */
function mayChangeTemplate(old: Job): boolean {
  const idle = old.status?.startTime === undefined || isTrue(old, "Suspended");
  return old.spec.suspend === true && idle && (old.status?.active ?? 0) === 0;
}

function validateTemplate(check: Check, template: PodTemplateSpec, old: Job): void {
  const place: Path = specPath.child("template");
  if (!mayChangeTemplate(old)) {
    if (semanticEqual(template, old.spec.template)) return;
    check.errors.push(invalid(place, internalPodTemplate(template), "field is immutable"));
    return;
  }
  const expected: Draft<PodTemplateSpec> = thaw(old.spec.template);
  takeOverDirectives(expected, thaw(template));
  takeOverResources(expected.spec, template.spec);
  if (semanticEqual(template.spec, expected.spec)) return;
  check.errors.push(invalid(specPath.child("template.spec"), internalPodSpec(template.spec), "field is immutable"));
}

/** Where pods may run (KEP-2926). */
function takeOverDirectives(old: Draft<PodTemplateSpec>, template: Draft<PodTemplateSpec>): void {
  copyFields(old.spec, template.spec, ["nodeSelector", "tolerations", "schedulingGates"]);
  copyFields(old.metadata, template.metadata, ["annotations", "labels"]);
  const affinity = { ...old.spec.affinity };
  copyFields(affinity, template.spec.affinity ?? {}, ["nodeAffinity"]);
  if (template.spec.affinity === undefined && Object.keys(affinity).length === 0) delete old.spec.affinity;
  else old.spec.affinity = affinity;
}

/** What containers of the same names may use (KEP-5440). */
function takeOverResources(old: Draft<PodSpec>, spec: PodSpec): void {
  for (const list of ["containers", "initContainers"] as const) {
    const before: Draft<Container>[] = old[list] ?? [];
    const now = spec[list] ?? [];
    if (before.length !== now.length) continue;
    before.forEach((container, i) => {
      if (container.name === now[i]!.name) container.resources = thaw(now[i]!.resources);
    });
  }
}
