import type { ResourceDefinition } from "../apimachinery/resource/resource.ts";
import { CustomResourceDefinition } from "./apiextensions/v1/customresourcedefinition.ts";
import { APIService } from "./apiregistration/v1/api-service.ts";
import { HorizontalPodAutoscaler as HorizontalPodAutoscalerV1 } from "./autoscaling/v1/horizontal-pod-autoscaler.ts";
import { HorizontalPodAutoscaler } from "./autoscaling/v2/horizontal-pod-autoscaler.ts";
import { CertificateSigningRequest } from "./certificates/v1/certificate-signing-request.ts";
import { LimitRange } from "./core/v1/limit-range.ts";
import { PersistentVolume } from "./core/v1/persistent-volume.ts";
import { PersistentVolumeClaim } from "./core/v1/persistent-volume-claim.ts";
import { ResourceQuota } from "./core/v1/resource-quota.ts";
import { FlowSchema } from "./flowcontrol/v1/flow-schema.ts";
import { PriorityLevelConfiguration } from "./flowcontrol/v1/priority-level-configuration.ts";
import { Ingress } from "./networking/v1/ingress.ts";
import { IngressClass } from "./networking/v1/ingress-class.ts";
import { IPAddress } from "./networking/v1/ip-address.ts";
import { NetworkPolicy } from "./networking/v1/network-policy.ts";
import { ServiceCIDR } from "./networking/v1/service-cidr.ts";
import { RuntimeClass } from "./node/v1/runtime-class.ts";
import { PodDisruptionBudget } from "./policy/v1/pod-disruption-budget.ts";
import { DeviceClass, ResourceClaim, ResourceClaimTemplate, ResourceSlice } from "./resource/v1/dynamic-resources.ts";
import { PriorityClass } from "./scheduling/v1/priority-class.ts";
import { CSIDriver } from "./storage/v1/csi-driver.ts";
import { CSINode } from "./storage/v1/csi-node.ts";
import { CSIStorageCapacity } from "./storage/v1/csi-storage-capacity.ts";
import { StorageClass } from "./storage/v1/storage-class.ts";
import { VolumeAttachment } from "./storage/v1/volume-attachment.ts";
import { VolumeAttributesClass } from "./storage/v1/volume-attributes-class.ts";

/** Resources whose promise is to be stored and read: others act on them, or nobody does. */
export const otherResources: readonly ResourceDefinition[] = [
  PersistentVolumeClaim,
  PersistentVolume,
  LimitRange,
  ResourceQuota,
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerV1,
  CertificateSigningRequest,
  CustomResourceDefinition,
  APIService,
  IngressClass,
  Ingress,
  NetworkPolicy,
  ServiceCIDR,
  IPAddress,
  RuntimeClass,
  PodDisruptionBudget,
  DeviceClass,
  ResourceClaim,
  ResourceClaimTemplate,
  ResourceSlice,
  PriorityClass,
  FlowSchema,
  PriorityLevelConfiguration,
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  StorageClass,
  VolumeAttachment,
  VolumeAttributesClass,
];
