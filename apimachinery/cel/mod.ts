/**
 * CEL, the Common Expression Language, as Kubernetes 1.36 has it.
 *
 *   const environment = createEnvironment({ variables: { self: declTypeOf(schema)! } });
 *   const compiled = environment.compile("self.replicas <= 5", { outputType: boolType });
 *   if (!compiled.ok) throw new Error(compiled.message);
 *   const outcome = compiled.program.evaluate({ self: { replicas: 3 } });   // { value: true, cost: 3 }
 *
 * Evaluation is synchronous and bounded by its cost; errors are answers, not exceptions.
 */

export type { StructType } from "./check/environment.ts";
export type { FunctionDeclaration, Overload, Signature } from "./check/function.ts";
export { globalFunction, memberFunction } from "./check/function.ts";
export type { CallEstimate, CallEstimator, CostNode, Estimate, SizeEstimator } from "./cost/estimate.ts";
export type { CostRule } from "./cost/runtime.ts";
export type { Compiled, CompileOptions, EnvironmentOptions } from "./environment.ts";
export { compileProblem, createEnvironment, Environment } from "./environment.ts";
export type { AccessAnswer, AccessCheck, AccessQuestion, CheckedResource } from "./libraries/authorizer.ts";
export { AuthorizerValue, authorizerType, ResourceCheck, resourceCheckType } from "./libraries/authorizer.ts";
export { kubernetesLibraries } from "./libraries/kubernetes.ts";
export type { Library } from "./libraries/library.ts";
export { bindingsLibrary } from "./libraries/loops.ts";
export {
  checkTypeNames,
  jsonPatchLibrary,
  jsonPatchType,
  mutationObjectType,
  mutationStructs,
} from "./libraries/mutation.ts";
export { cidrType, ipType } from "./libraries/net.ts";
export { QuantityValue, quantityType } from "./libraries/quantity.ts";
export { parseSemver, semverType } from "./libraries/semver.ts";
export type { Activation, Evaluated, EvaluateOptions, Failed } from "./program.ts";
export { Program, perCallLimit, runtimeBudget } from "./program.ts";
export type { Issue } from "./syntax/source.ts";
export { formatIssues, Source } from "./syntax/source.ts";
export type { DeclareOptions } from "./types/declare.ts";
export { declareFields, declTypeOf } from "./types/declare.ts";
export { escapeFieldName, unescapeFieldName } from "./types/escape.ts";
export {
  boolType,
  bytesType,
  CelType,
  doubleType,
  durationType,
  dynType,
  formatType,
  intType,
  listType,
  mapType,
  nullType,
  objectType,
  opaqueType,
  optionalType,
  stringType,
  timestampType,
  uintType,
} from "./types/type.ts";
export { CelError } from "./values/error.ts";
export { toJson, toValue } from "./values/json.ts";
export type { Result, Value } from "./values/value.ts";
export {
  ArrayList,
  Duration,
  ListValue,
  LiteralMap,
  MapValue,
  OpaqueValue,
  Optional,
  StructValue,
  Timestamp,
  Uint,
} from "./values/value.ts";
