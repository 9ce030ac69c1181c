import { validateFieldManager } from "../../apimachinery/apply/field-manager.ts";
import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { FieldError } from "../../apimachinery/field/error.ts";
import { forbidden, jsonText, notSupported, required } from "../../apimachinery/field/errors.ts";
import { path } from "../../apimachinery/field/path.ts";
import { goQuote } from "../../apimachinery/text/go-quote.ts";

export type FieldValidation = "Ignore" | "Warn" | "Strict";

/** Options of create, update and patch, from the query (metav1 CreateOptions and its siblings). */
export interface WriteOptions {
  readonly dryRun: boolean;
  /** As sent; empty where it was not. */
  readonly fieldManager: string;
  readonly fieldValidation: FieldValidation;
  readonly force: boolean;
}

export interface ListOptions {
  readonly labelSelector: string;
  readonly fieldSelector: string;
  readonly resourceVersion: string;
  readonly resourceVersionMatch: string;
  /** 0: no limit. */
  readonly limit: number;
  readonly continueToken: string;
  readonly timeoutSeconds: number | undefined;
  readonly allowWatchBookmarks: boolean;
  readonly sendInitialEvents: boolean | undefined;
}

/** What a query without any means. */
const noOptions: WriteOptions = { dryRun: false, fieldManager: "", fieldValidation: "Warn", force: false };

const meta = (kind: string): { group: string; kind: string } => ({ group: "meta.k8s.io", kind });

/** Throws Invalid where an option has a value it cannot have (apimachinery/pkg/apis/meta/v1/validation). */
export function writeOptionsOf(query: URLSearchParams, kind: "CreateOptions" | "UpdateOptions"): WriteOptions {
  if (query.size === 0) return noOptions;
  refuse(kind, commonErrors(query));
  return written(query);
}

export function patchOptionsOf(query: URLSearchParams, apply: boolean): WriteOptions {
  if (!apply && query.size === 0) return noOptions;
  const errors: FieldError[] = [];
  if (apply && (query.get("fieldManager") ?? "") === "") {
    errors.push(required(path("fieldManager"), "is required for apply patch"));
  }
  if (!apply && query.has("force")) {
    errors.push(forbidden(path("force"), "may not be specified for non-apply patch"));
  }
  refuse("PatchOptions", [...errors, ...commonErrors(query)]);
  return written(query);
}

function written(query: URLSearchParams): WriteOptions {
  return {
    dryRun: query.has("dryRun") && query.getAll("dryRun").includes("All"),
    fieldManager: query.get("fieldManager") ?? "",
    fieldValidation: (query.get("fieldValidation") || "Warn") as FieldValidation,
    force: booleanOf(query, "force") ?? false,
  };
}

const fieldValidations: readonly string[] = ["", "Ignore", "Strict", "Warn"];

function commonErrors(query: URLSearchParams): FieldError[] {
  const errors: FieldError[] = [];
  errors.push(...validateFieldManager(query.get("fieldManager") ?? "", path("fieldManager")));
  errors.push(...dryRunErrors(query.getAll("dryRun")));
  const validation = query.get("fieldValidation") ?? "";
  if (!fieldValidations.includes(validation)) {
    errors.push(notSupported(path("fieldValidation"), validation, fieldValidations));
  }
  return errors;
}

export function dryRunErrors(values: readonly string[]): FieldError[] {
  return values.every((value) => value === "All") ? [] : [notSupported(path("dryRun"), values, ["All"])];
}

/** Throws Invalid where the parts of a list's or watch's options contradict each other. */
export function listOptionsOf(query: URLSearchParams, watch: boolean): ListOptions {
  const options: ListOptions = {
    labelSelector: query.get("labelSelector") ?? "",
    fieldSelector: query.get("fieldSelector") ?? "",
    resourceVersion: query.get("resourceVersion") ?? "",
    resourceVersionMatch: query.get("resourceVersionMatch") ?? "",
    limit: integerOf(query, "limit") ?? 0,
    continueToken: query.get("continue") ?? "",
    timeoutSeconds: integerOf(query, "timeoutSeconds"),
    allowWatchBookmarks: booleanOf(query, "allowWatchBookmarks") ?? false,
    sendInitialEvents: booleanOf(query, "sendInitialEvents"),
  };
  refuse("ListOptions", watch ? watchErrors(options) : listErrors(options));
  return options;
}

function listErrors(options: ListOptions): FieldError[] {
  const errors: FieldError[] = [];
  const place = path("resourceVersionMatch");
  const match = options.resourceVersionMatch;
  if (match !== "") {
    if (options.resourceVersion === "") {
      errors.push(forbidden(place, "resourceVersionMatch is forbidden unless resourceVersion is provided"));
    }
    if (options.continueToken !== "") {
      errors.push(forbidden(place, "resourceVersionMatch is forbidden when continue is provided"));
    }
    if (match !== "Exact" && match !== "NotOlderThan") {
      errors.push(notSupported(place, jsonText(match), ["Exact", "NotOlderThan", ""]));
    }
    if (match === "Exact" && options.resourceVersion === "0") {
      errors.push(forbidden(place, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
    }
  }
  if (options.sendInitialEvents !== undefined) {
    errors.push(forbidden(path("sendInitialEvents"), "sendInitialEvents is forbidden for list"));
  }
  return errors;
}

function watchErrors(options: ListOptions): FieldError[] {
  const errors: FieldError[] = [];
  const place = path("resourceVersionMatch");
  const match = options.resourceVersionMatch;
  if (options.sendInitialEvents !== undefined && match !== "NotOlderThan") {
    errors.push(forbidden(place, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"));
  }
  if (match !== "") {
    if (options.sendInitialEvents === undefined) {
      errors.push(forbidden(place, "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"));
    }
    if (match !== "NotOlderThan") {
      errors.push(notSupported(place, jsonText(match), ["NotOlderThan"]));
    }
    if (options.continueToken !== "") {
      errors.push(forbidden(place, "resourceVersionMatch is forbidden when continue is provided"));
    }
  }
  return errors;
}

function refuse(kind: string, errors: readonly FieldError[]): void {
  if (errors.length > 0) {
    throw ApiError.invalid(meta(kind), "", errors);
  }
}

/** An integer parameter, worded as Go's strconv refuses it. */
export function integerOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) {
    return undefined;
  }
  if (!/^[+-]?[0-9]+$/.test(text)) {
    throw ApiError.badRequest(`strconv.ParseInt: parsing ${goQuote(text)}: invalid syntax`);
  }
  const value = BigInt(text.replace("+", ""));
  if (BigInt.asIntN(64, value) !== value) {
    throw ApiError.badRequest(`strconv.ParseInt: parsing ${goQuote(text)}: value out of range`);
  }
  return Number(value);
}

/** metav1's reading of a boolean parameter: everything but `false`, `0` and their like is true, the mere name too. */
export function booleanOf(query: URLSearchParams, name: string): boolean | undefined {
  const text = query.get(name);
  return text === null ? undefined : text.toLowerCase() !== "false" && text !== "0";
}
