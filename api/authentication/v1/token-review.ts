import { defineResource } from "../../../apimachinery/resource/define.ts";
import { definition } from "../../generated/definitions.ts";
import type * as types from "../../generated/types/authentication-v1.ts";

export type TokenReview = types.TokenReview;

/** Whose token is this? Answered at once, never stored; an absent token is the answering side's to refuse, as a bad request (pkg/registry/authentication/tokenreview). */
export const TokenReview = defineResource<TokenReview>({
  group: "authentication.k8s.io",
  version: "v1",
  kind: "TokenReview",
  plural: "tokenreviews",
  scope: "Cluster",
  verbs: ["create"],
  schema: () => definition("io.k8s.api.authentication.v1.TokenReview"),
});
