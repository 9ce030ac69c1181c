import { definition } from "../../../api/generated/definitions.ts";
import { type CelType, declTypeOf } from "../../../apimachinery/cel/mod.ts";

/** `user` in expressions: username, uid, groups, extra. */
export const UserInfo: CelType = declTypeOf(definition("io.k8s.api.authentication.v1.UserInfo"), {
  name: "kubernetes.UserInfo",
})!;
