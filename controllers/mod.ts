/**
 * Controllers: each keeps one promise of the API by watching it and writing to it, and to nothing else. A controller is a
 * pure `plan` (its folder's plan.ts) and a declaration (controller.ts); the runner (runner/) does everything that
 * controllers have in common. The inventory (inventory/) knows every object of the cluster by its metadata, for the two
 * controllers that deal with all kinds: the garbage collector and the namespace controller.
 */
export { type ControllersOptions, runAllControllers } from "./all.ts";
export type { CertificateSigning } from "./certificate-signing/controller.ts";
export { type SignerName, signerRules } from "./certificate-signing/plan.ts";
export type { SigningAuthority } from "./certificate-signing/sign.ts";
export type { Action } from "./runner/action.ts";
export type { Cache } from "./runner/cache.ts";
export { claim, controllerReference } from "./runner/claim.ts";
export {
  type Controller,
  type ControllerContext,
  type Declaration,
  defineController,
  type Owned,
  type Summary,
  type Watched,
} from "./runner/controller.ts";
export { type RunOptions, runControllers } from "./runner/run.ts";
export type { SignToken, TokenSubject } from "./service-account-tokens/plan.ts";
