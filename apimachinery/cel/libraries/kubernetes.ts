import type { Library } from "./library.ts";
import { twoVariableLibrary } from "./loops.ts";
import { optionalLibrary } from "./optional.ts";

/** What every expression in Kubernetes 1.36 can use. Upstream: apiserver/pkg/cel/environment/base.go. */
export const kubernetesLibraries: readonly Library[] = [optionalLibrary, twoVariableLibrary];
