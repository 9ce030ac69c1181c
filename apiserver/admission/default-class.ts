import type { PersistentVolumeClaim } from "../../api/generated/types/core-v1.ts";
import type { Ingress, IngressClass } from "../../api/generated/types/networking-v1.ts";
import type { StorageClass } from "../../api/generated/types/storage-v1.ts";
import type { ApiObject, Draft } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import type { ObjectReader } from "../registry/access.ts";
import type { AdmissionPlugin } from "./plugin.ts";
import { concerns } from "./refusal.ts";

/** The newest of several objects marked as default; of equally old ones the first by name. */
function newestDefault<T extends ApiObject>(objects: Iterable<T>, ...annotations: readonly string[]): T | undefined {
  let found: T | undefined;
  for (const object of objects) {
    if (!annotations.some((key) => object.metadata.annotations?.[key] === "true")) continue;
    const [mine, best] = [object.metadata.creationTimestamp ?? "", found?.metadata.creationTimestamp ?? ""];
    if (found === undefined || mine > best || (mine === best && object.metadata.name! < found.metadata.name!))
      found = object;
  }
  return found;
}

/** A claim that names no storage class gets the default one (plugin/pkg/admission/storage/storageclass/setdefault). */
export function defaultStorageClass(reader: ObjectReader, classes: ResourceDefinition<StorageClass>): AdmissionPlugin {
  return {
    name: "DefaultStorageClass",
    handles: (attributes) => attributes.operation === "CREATE" && concerns(attributes, "", "persistentvolumeclaims"),
    admit({ object }) {
      const claim = object as Draft<PersistentVolumeClaim>;
      const asked =
        claim.metadata.annotations?.["volume.beta.kubernetes.io/storage-class"] ?? claim.spec.storageClassName;
      if (asked !== undefined) return;
      const found = newestDefault(
        reader.list(classes),
        "storageclass.kubernetes.io/is-default-class",
        "storageclass.beta.kubernetes.io/is-default-class",
      );
      if (found !== undefined) claim.spec.storageClassName = found.metadata.name!;
    },
  };
}

/** An ingress that names no class gets the default one (plugin/pkg/admission/network/defaultingressclass). */
export function defaultIngressClass(reader: ObjectReader, classes: ResourceDefinition<IngressClass>): AdmissionPlugin {
  return {
    name: "DefaultIngressClass",
    handles: (attributes) =>
      attributes.operation === "CREATE" && concerns(attributes, "networking.k8s.io", "ingresses"),
    admit({ object }) {
      const ingress = object as Draft<Ingress>;
      if (
        ingress.spec?.ingressClassName !== undefined ||
        ingress.metadata.annotations?.["kubernetes.io/ingress.class"] !== undefined
      )
        return;
      const found = newestDefault(reader.list(classes), "ingressclass.kubernetes.io/is-default-class");
      if (found !== undefined) ingress.spec = { ...ingress.spec, ingressClassName: found.metadata.name! };
    },
  };
}
