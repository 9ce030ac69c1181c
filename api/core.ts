import type { ResourceDefinition } from "../apimachinery/resource/resource.ts";
import { Lease } from "./coordination/v1/lease.ts";
import { ComponentStatus } from "./core/v1/component-status.ts";
import { ConfigMap } from "./core/v1/config-map.ts";
import { Endpoints } from "./core/v1/endpoints.ts";
import { Event } from "./core/v1/event.ts";
import { Secret } from "./core/v1/secret.ts";
import { Service } from "./core/v1/service.ts";
import { ServiceAccount } from "./core/v1/service-account.ts";
import { EndpointSlice } from "./discovery/v1/endpoint-slice.ts";
import { Event as EventsEvent } from "./events/v1/event.ts";

/** Services and where they lead, configuration, accounts, events and leases. */
export const servicesAndConfigResources: readonly ResourceDefinition[] = [
  ComponentStatus,
  ConfigMap,
  Endpoints,
  Event,
  Secret,
  ServiceAccount,
  Service,
  EventsEvent,
  Lease,
  EndpointSlice,
];
