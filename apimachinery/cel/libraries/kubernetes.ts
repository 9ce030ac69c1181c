import { authorizerLibrary } from "./authorizer.ts";
import type { Library } from "./library.ts";
import { kubernetesListsLibrary, listsLibrary, setsLibrary } from "./lists.ts";
import { twoVariableLibrary } from "./loops.ts";
import { formatLibrary } from "./named-formats.ts";
import { cidrLibrary, ipLibrary } from "./net.ts";
import { optionalLibrary } from "./optional.ts";
import { quantityLibrary } from "./quantity.ts";
import { regexLibrary } from "./regex.ts";
import { semverLibrary } from "./semver.ts";
import { stringsLibrary } from "./strings.ts";
import { urlsLibrary } from "./url.ts";

/** What every expression in Kubernetes 1.36 can use. Upstream: apiserver/pkg/cel/environment/base.go. */
export const kubernetesLibraries: readonly Library[] = [
  urlsLibrary,
  regexLibrary,
  kubernetesListsLibrary,
  authorizerLibrary,
  optionalLibrary,
  quantityLibrary,
  stringsLibrary,
  setsLibrary,
  ipLibrary,
  cidrLibrary,
  formatLibrary,
  twoVariableLibrary,
  semverLibrary,
  listsLibrary,
];
