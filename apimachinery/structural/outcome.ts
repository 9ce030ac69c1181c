import type { FieldError } from "../field/error.ts";
import { invalid, notSupported, required, tooLong, tooMany, typeInvalid } from "../field/errors.ts";
import { goJson } from "../text/go-json.ts";

/** What kube-openapi finds wrong with a value: enough to say it as upstream does. */
export interface Finding {
  /** How it becomes a field error; `other` has no place of its own. */
  readonly kind: "required" | "enum" | "tooLong" | "tooMany" | "type" | "invalid" | "other";
  /** `spec.replicas`, as kube-openapi writes it; may begin with a dot. */
  readonly path: string;
  /** The whole sentence, which names the path. */
  readonly message: string;
  readonly value?: unknown;
  readonly limit?: number;
  readonly allowed?: readonly unknown[];
}

/** Findings, each text once, and how much of a schema matched: what decides which alternative came closest. */
export class Outcome {
  readonly findings: Finding[] = [];
  matches = 0;

  get valid(): boolean {
    return this.findings.length === 0;
  }

  add(finding: Finding | undefined): void {
    if (finding === undefined) return;
    if (this.findings.some(({ message }) => message === finding.message)) return;
    this.findings.push(finding);
  }

  merge(other: Outcome): void {
    for (const finding of other.findings) this.add(finding);
    this.matches += other.matches;
  }

  /** Forgives what was found, keeping the count. */
  forgive(): Outcome {
    const forgiven = new Outcome();
    forgiven.matches = this.matches;
    return forgiven;
  }
}

/** The findings as field errors below `prefix` (validation.go kubeOpenAPIResultToFieldErrors). */
export function fieldErrorsOf(findings: readonly Finding[], prefix: string): readonly FieldError[] {
  return findings.map((finding) => fieldErrorOf(finding, placeOf(finding.path, prefix)));
}

/** A place that upstream does not have is written as Go writes nil. */
export const nowhere = "<nil>";

function placeOf(path: string, prefix: string): string {
  const name = path === "." ? "" : path.replace(/^\./, "");
  if (name === "") return prefix === "" ? nowhere : prefix;
  return prefix === "" ? name : `${prefix}.${name}`;
}

function fieldErrorOf(finding: Finding, place: string): FieldError {
  const { value, limit = -1, message, allowed = [] } = finding;
  switch (finding.kind) {
    case "required":
      return required(place);
    case "enum":
      return notSupported(
        place,
        value,
        allowed.map((one) => (typeof one === "string" ? one : goJson(one))),
      );
    case "tooLong":
      return tooLong(place, limit);
    case "tooMany":
      return tooMany(place, value as number, limit);
    case "type":
      return typeInvalid(place, value ?? "", message);
    case "invalid":
      return invalid(place, value ?? "", message);
    case "other":
      return invalid(nowhere, "", message);
  }
}
