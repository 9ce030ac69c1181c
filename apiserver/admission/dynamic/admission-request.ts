import type { UserInfo } from "../../../apimachinery/resource/object.ts";
import type { AdmissionAttributes } from "../plugin.ts";
import { type GroupVersionKind, type GroupVersionResource, kindOf, namespaceOf, resourceOf } from "./target.ts";

/** admission.k8s.io/v1 AdmissionRequest, without uid and objects: what webhooks are sent, and expressions see as `request`. */
export interface AdmissionRequest {
  readonly kind: GroupVersionKind;
  readonly resource: GroupVersionResource;
  readonly subResource?: string;
  readonly requestKind: GroupVersionKind;
  readonly requestResource: GroupVersionResource;
  readonly requestSubResource?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly operation: string;
  readonly userInfo: Partial<UserInfo>;
  readonly dryRun: boolean;
  readonly options: object | null;
}

export function admissionRequest(
  attributes: AdmissionAttributes,
  kind: GroupVersionKind,
  resource: GroupVersionResource,
): AdmissionRequest {
  const { subresource, operation, user, dryRun, options, definition } = attributes;
  const name = attributes.name || (operation === "CREATE" ? (attributes.object?.metadata?.name ?? "") : "");
  const namespace = namespaceOf(attributes);
  return {
    kind,
    resource,
    ...(subresource === "" ? {} : { subResource: subresource }),
    requestKind: kindOf(attributes),
    requestResource: resourceOf(definition),
    ...(subresource === "" ? {} : { requestSubResource: subresource }),
    ...(name === "" ? {} : { name }),
    ...(namespace === "" ? {} : { namespace }),
    operation,
    userInfo: shownUser(user),
    dryRun,
    options: Object.keys(options).length === 0 ? null : options,
  };
}

function shownUser({ username, uid, groups, extra }: UserInfo): Partial<UserInfo> {
  return {
    ...(username === "" ? {} : { username }),
    ...(uid === undefined || uid === "" ? {} : { uid }),
    ...(groups.length === 0 ? {} : { groups }),
    ...(extra === undefined || Object.keys(extra).length === 0 ? {} : { extra }),
  };
}
