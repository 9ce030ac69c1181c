import { TokenRequest } from "../../../api/authentication/v1/token-request.ts";
import type { TokenRequestInput } from "../../../api/generated/types/authentication-v1.ts";
import type { ServiceAccount } from "../../../api/generated/types/core-v1.ts";
import type { ApiObject, Draft } from "../../../apimachinery/resource/object.ts";
import { thaw } from "../../../apimachinery/resource/thaw.ts";
import type { AdmissionAttributes } from "../../admission/plugin.ts";
import type { TokenIssuer } from "../../authentication/token-issuer.ts";
import { completeTokenRequest } from "../../authentication/token-request.ts";
import { requestObject } from "../../body/request-object.ts";
import { servedFromValue } from "../../cache/served-object.ts";
import { writeOptionsOf } from "../../registry/options.ts";
import { ownFieldsOf } from "../../registry/own-fields.ts";
import { ensureNamespace } from "../../registry/system-fields.ts";
import type { Subresource } from "../resource.ts";
import { writerOf } from "../scope.ts";

/** POST serviceaccounts/NAME/token: a bound token (KEP-1205). */
export function tokenSubresource(issuer: TokenIssuer): Subresource {
  return {
    async create(scope, store, request) {
      const options = writeOptionsOf(request.query, "CreateOptions");
      const { namespace, name } = request.info;
      const { draft, managedFields } = await requestObject(scope, TokenRequest, request, options.fieldValidation);
      ensureNamespace(TokenRequest, draft, namespace);
      const now = scope.clock.now();
      await ownFieldsOf(TokenRequest, writerOf(request, options), managedFields)(draft, undefined, now);
      const attributes: AdmissionAttributes = {
        operation: "CREATE",
        definition: store.definition,
        subresource: "token",
        namespace,
        name,
        user: request.user,
        dryRun: options.dryRun,
        object: draft as unknown as Draft<ApiObject>,
        oldObject: undefined,
        options: { kind: "CreateOptions", apiVersion: "meta.k8s.io/v1" },
        signal: request.signal,
        endsAtMs: request.endsAtMs,
        warn: (text) => void request.warnings.add(text),
        auditAnnotate: (key, value) => void request.auditAnnotations.set(key, value),
      };
      // What was asked for is admitted, not what it is completed to: no audience is another thing than the server's own.
      await scope.admission.admit(attributes);
      const serviceAccount = store.find(namespace, name)?.object as ServiceAccount | undefined;
      const target = { namespace, name, serviceAccount };
      const completed = completeTokenRequest(
        attributes.object as unknown as TokenRequestInput,
        target,
        issuer.options,
        now,
      );
      await scope.admission.validate({ ...attributes, object: thaw(completed) as unknown as Draft<ApiObject> });
      const { response, warnings, auditAnnotations } = await issuer.issue(completed);
      for (const text of warnings) {
        request.warnings.add(text);
      }
      for (const [key, value] of Object.entries(auditAnnotations)) {
        request.auditAnnotations.set(key, value);
      }
      return {
        type: "object",
        status: 201,
        definition: TokenRequest,
        served: servedFromValue(response as unknown as ApiObject),
      };
    },
  };
}
