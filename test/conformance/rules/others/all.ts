import type { Area } from "../rule.ts";
import { ingress } from "./ingress.ts";
import { ingressClass } from "./ingress-class.ts";
import { networkPolicy } from "./network-policy.ts";
import { unreachable } from "./unreachable.ts";

export const others: Area = { kinds: [ingress, ingressClass, networkPolicy], unreachable };
