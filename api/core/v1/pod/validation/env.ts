import { invalid, required } from "../../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../../apimachinery/field/path.ts";
import { isConfigMapKey, isRelaxedEnvVarName } from "../../../../../apimachinery/validation/formats.ts";
import { nameIsDNSSubdomain } from "../../../../../apimachinery/validation/names.ts";
import type {
  ConfigMapKeySelector,
  EnvFromSource,
  EnvVar,
  FileKeySelector,
  SecretKeySelector,
} from "../../../../generated/types/core-v1.ts";
import { type Check, checkLabel, checkMessages } from "./check.ts";
import { envFieldPaths, validateFieldSelector, validateResourceFieldSelector } from "./downward.ts";
import { validateNoBacksteps } from "./paths.ts";

/** pkg/apis/core/validation ValidateEnv. */
export function validateEnv(check: Check, variables: readonly EnvVar[], place: Path): void {
  for (let i = 0; i < variables.length; i++) {
    const variable = variables[i]!;
    const name = variable.name ?? "";
    if (name === "") check.errors.push(required(place.index(i).child("name")));
    else {
      const messages = isRelaxedEnvVarName(name);
      if (messages.length > 0) checkMessages(check, place.index(i).child("name"), name, messages);
    }
    if (variable.valueFrom !== undefined) validateValueFrom(check, variable, place.index(i).child("valueFrom"));
  }
}

function validateValueFrom(check: Check, { value, valueFrom }: EnvVar, place: Path): void {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = valueFrom!;
  let sources = 0;
  if (fieldRef !== undefined) {
    sources++;
    validateFieldSelector(check, fieldRef, place.child("fieldRef"), envFieldPaths);
  }
  if (resourceFieldRef !== undefined) {
    sources++;
    validateResourceFieldSelector(check, resourceFieldRef, place.child("resourceFieldRef"), "env");
  }
  if (configMapKeyRef !== undefined) {
    sources++;
    validateKeySelector(check, configMapKeyRef, place.child("configMapKeyRef"));
  }
  if (secretKeyRef !== undefined) {
    sources++;
    validateKeySelector(check, secretKeyRef, place.child("secretKeyRef"));
  }
  if (fileKeyRef !== undefined) {
    sources++;
    validateFileKeySelector(check, fileKeyRef, place.child("fileKeyRef"));
  }
  if (sources === 0) {
    const detail =
      "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`";
    check.errors.push(invalid(place, "", detail));
  } else if (value !== undefined && value !== "") {
    check.errors.push(invalid(place, "", "may not be specified when `value` is not empty"));
  } else if (sources > 1) {
    check.errors.push(invalid(place, "", "may not have more than one field specified at a time"));
  }
}

function validateKeySelector(check: Check, selector: ConfigMapKeySelector | SecretKeySelector, place: Path): void {
  const { name = "", key = "" } = selector;
  checkMessages(check, place.child("name"), name, nameIsDNSSubdomain(name, false));
  if (key === "") check.errors.push(required(place.child("key")));
  else checkMessages(check, place.child("key"), key, isConfigMapKey(key));
}

function validateFileKeySelector(check: Check, selector: FileKeySelector, place: Path): void {
  const { key = "", volumeName = "", path = "" } = selector;
  if (key === "") check.errors.push(required(place.child("key")));
  else checkMessages(check, place.child("key"), key, isRelaxedEnvVarName(key));
  if (volumeName === "") check.errors.push(required(place.child("volumeName")));
  else checkLabel(check, place.child("volumeName"), volumeName);
  if (path === "") check.errors.push(required(place.child("path")));
  else validateNoBacksteps(check, path, place.child("path"));
}

/** pkg/apis/core/validation ValidateEnvFrom; errors of the choice stand at the list, as upstream's do. */
export function validateEnvFrom(check: Check, sources: readonly EnvFromSource[], place: Path): void {
  sources.forEach(({ prefix = "", configMapRef, secretRef }, i) => {
    const at = place.index(i);
    if (prefix !== "") checkMessages(check, at.child("prefix"), prefix, isRelaxedEnvVarName(prefix));
    if (configMapRef !== undefined) validateEnvSource(check, configMapRef.name, at.child("configMapRef"));
    if (secretRef !== undefined) validateEnvSource(check, secretRef.name, at.child("secretRef"));
    if (configMapRef === undefined && secretRef === undefined) {
      check.errors.push(invalid(place, "", "must specify one of: `configMapRef` or `secretRef`"));
    } else if (configMapRef !== undefined && secretRef !== undefined) {
      check.errors.push(invalid(place, "", "may not have more than one field specified at a time"));
    }
  });
}

function validateEnvSource(check: Check, name: string | undefined, place: Path): void {
  if (name === undefined || name === "") check.errors.push(required(place.child("name")));
  else checkMessages(check, place.child("name"), name, nameIsDNSSubdomain(name, true));
}
