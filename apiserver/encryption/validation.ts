import type { FieldError } from "../../apimachinery/field/error.ts";
import { invalid, required } from "../../apimachinery/field/errors.ts";
import type {
  EncryptionConfiguration,
  KeysConfiguration,
  KmsConfiguration,
  ProviderConfiguration,
} from "./configuration.ts";
import { parseGroupResource } from "./group-resource.ts";

const aesKeyBytes = [16, 24, 32];
const secretboxKeyBytes = [32];
const notOfTheApi = ["apiserveripinfo", "serviceipallocations", "servicenodeportallocations"];

/** Upstream: apiserver/pkg/apis/apiserver/validation, ValidateEncryptionConfiguration. */
export function validateConfiguration({ resources }: EncryptionConfiguration, reload: boolean): readonly FieldError[] {
  if (resources.length === 0) return [atLeastOne("resources", "resources")];
  const errors: FieldError[] = [];
  const kmsNames = new Set<string>();
  for (const [i, { resources: names, providers }] of resources.entries()) {
    const at = `resources[${i}]`;
    if (names.length === 0) errors.push(atLeastOne(`${at}.resources`, `${at}.resources`));
    errors.push(...overlaps(names, `${at}.resources`));
    errors.push(...names.flatMap((name, j) => resourceName(name, `${at}.resources[${j}]`)));
    if (providers.length === 0) errors.push(atLeastOne(`${at}.providers`, `${at}.providers`));
    for (const [j, provider] of providers.entries()) {
      errors.push(...validateProvider(provider, `${at}.providers[${j}]`, kmsNames, reload));
      if (provider.kms !== undefined) kmsNames.add(provider.kms.name);
    }
  }
  return errors;
}

function atLeastOne(path: string, what: string): FieldError {
  return required(path, `at least one ${what} is required`);
}

function overlaps(names: readonly string[], path: string): readonly FieldError[] {
  const parsed = names.map(parseGroupResource);
  const errors: FieldError[] = [];
  if (new Set(names).size < names.length) {
    errors.push(invalid(path, names, "the same resource cannot be specified multiple times"));
  }
  const others = parsed.filter((_, i) => names.indexOf(names[i]!) === i);
  const hides = others.some(
    ({ group, resource }) =>
      resource === "*" &&
      others.length > 1 &&
      (group === "*" || others.filter((other) => other.group === group).length > 1),
  );
  if (hides) {
    const why =
      "using overlapping resources such as 'secrets' and '*.' in the same resource list is not allowed as they will be masked";
    errors.push(invalid(path, names, why));
  }
  return errors;
}

function resourceName(name: string, path: string): readonly FieldError[] {
  const { group, resource } = parseGroupResource(name);
  const wrong = (detail: string): readonly FieldError[] => [invalid(path, name, detail)];
  if (name !== name.toLowerCase()) return wrong("resource name should not contain capital letters");
  if (name === "*")
    return wrong("use '*.' to encrypt all the resources from core API group or *.* to encrypt all resources");
  if (notOfTheApi.includes(name)) return wrong("resources which do not have REST API/s cannot be encrypted");
  if (group === "events.k8s.io") {
    return wrong(
      "'*.events.k8s.io' objects are stored using the 'events' API group in etcd. Use 'events' instead in the config file",
    );
  }
  if (group === "extensions") return wrong("'extensions' group has been removed and cannot be used for encryption");
  if (group === "*" && resource !== "*") return wrong("encrypting the same resource across groups is not supported");
  return [];
}

function validateProvider(
  provider: ProviderConfiguration,
  path: string,
  kmsNames: ReadonlySet<string>,
  reload: boolean,
): readonly FieldError[] {
  const { aesgcm, aescbc, secretbox, kms } = provider;
  const found = Object.keys(provider).length;
  if (found === 0) {
    const names = "KMS, AESGCM, AESCBC, Secretbox, Identity";
    return [invalid(path, {}, `provider does not contain any of the expected providers: ${names}`)];
  }
  if (found > 1) {
    const why = "more than one provider specified in a single element, should split into different list elements";
    return [invalid(path, shown(provider), why)];
  }
  if (kms !== undefined) return validateKms(kms, `${path}.kms`, kmsNames, reload);
  if (aesgcm !== undefined) return validateKeys(aesgcm, `${path}.aesgcm.keys`, aesKeyBytes);
  if (aescbc !== undefined) return validateKeys(aescbc, `${path}.aescbc.keys`, aesKeyBytes);
  if (secretbox !== undefined) return validateKeys(secretbox, `${path}.secretbox.keys`, secretboxKeyBytes);
  return [];
}

/** Names of providers only: their keys are nobody's business. */
function shown(provider: ProviderConfiguration): object {
  return Object.fromEntries(Object.keys(provider).map((name) => [name, {}]));
}

function validateKeys({ keys }: KeysConfiguration, path: string, lengths: readonly number[]): readonly FieldError[] {
  if (keys.length === 0) return [atLeastOne(path, "keys")];
  return keys.flatMap(({ name, secret }, i) => {
    const errors: FieldError[] = [];
    if (name === "") errors.push(required(`${path}[${i}].name`, "name is a mandatory field for a key"));
    const at = `${path}[${i}].secret`;
    if (secret === "") return [...errors, required(at, "secret is a mandatory field for a key")];
    const bytes = Buffer.from(secret, "base64");
    if (bytes.toString("base64") !== secret)
      return [...errors, invalid(at, "REDACTED", "secrets must be base64 encoded")];
    if (!lengths.includes(bytes.byteLength)) {
      const detail = `secret is not of the expected length, got ${bytes.byteLength}, expected one of [${lengths.join(" ")}]`;
      errors.push(invalid(at, "REDACTED", detail));
    }
    return errors;
  });
}

function validateKms(
  { apiVersion, name, timeoutMs, endpoint, cachesize }: KmsConfiguration,
  path: string,
  names: ReadonlySet<string>,
  reload: boolean,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (name === "") errors.push(required(`${path}.name`, "name is a mandatory field for a provider"));
  if (apiVersion !== "v1" && name.includes(":")) {
    errors.push(invalid(`${path}.name`, name, `invalid KMS provider name ${name}, must not contain ':'`));
  }
  if ((reload || apiVersion !== "v1") && names.has(name)) {
    errors.push(invalid(`${path}.name`, name, `duplicate KMS provider name ${name}, names must be unique`));
  }
  if (timeoutMs <= 0) errors.push(invalid(`${path}.timeout`, `${timeoutMs}ms`, "timeout should be a positive value"));
  errors.push(...validateEndpoint(endpoint, `${path}.endpoint`));
  if (apiVersion !== "v1" && cachesize !== undefined) {
    errors.push(invalid(`${path}.cachesize`, cachesize, "cachesize is not supported in v2"));
  }
  if (apiVersion === "v1" && cachesize === 0) {
    errors.push(invalid(`${path}.cachesize`, 0, "cachesize should be a positive value, or negative to disable"));
  }
  if (apiVersion !== "v1" && apiVersion !== "v2") {
    const detail = "unsupported apiVersion apiVersion for KMS provider, only v1 and v2 are supported";
    errors.push(invalid(`${path}.apiVersion`, apiVersion, detail));
  }
  return errors;
}

function validateEndpoint(endpoint: string, path: string): readonly FieldError[] {
  if (endpoint === "") return [invalid(path, "", "endpoint is a mandatory field for a kms")];
  const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(endpoint)?.[1] ?? "";
  if (scheme === "unix") return [];
  return [invalid(path, endpoint, `unsupported scheme "${scheme}" for KMS provider, only unix is supported`)];
}
