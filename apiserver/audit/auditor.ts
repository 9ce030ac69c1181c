import type { Status } from "../../apimachinery/errors/status.ts";
import type { ObjectMeta, UserInfo } from "../../apimachinery/resource/object.ts";
import { thaw } from "../../apimachinery/resource/thaw.ts";
import { formatMicroTime } from "../../apimachinery/time/time.ts";
import type { Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import type { AuthorizationAttributes } from "../authorization/authorizer.ts";
import type { ApiRequest } from "../request.ts";
import type { AuditMetrics } from "./audit-metrics.ts";
import {
  type AuditBackend,
  type AuditEvent,
  type AuditObjectRef,
  shortUserAgent,
  sourceAddresses,
  withoutManagedFields,
} from "./event.ts";
import { type AuditDecision, type AuditPolicy, type AuditStage, auditEvaluator, auditLevels } from "./policy.ts";

export interface AuditorOptions {
  readonly policy: AuditPolicy;
  readonly backend: AuditBackend;
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics?: AuditMetrics;
}

/** Starts a record for each request that the policy wants to know of. A server without one has nothing to pay. */
export class Auditor {
  readonly #options: AuditorOptions;
  readonly #evaluate: (attributes: AuthorizationAttributes) => AuditDecision;

  constructor(options: AuditorOptions) {
    this.#options = options;
    this.#evaluate = auditEvaluator(options.policy);
  }

  /** Call once the user is known. Writes the stage RequestReceived; undefined where the request is not audited. */
  begin(request: ApiRequest, attributes: AuthorizationAttributes, receivedMs?: number): AuditRecord | undefined {
    const record = this.#record(request, attributes, receivedMs);
    record?.received();
    return record;
  }

  /** Of somebody who is not let in, whoever that is: one event, as the answer begins (endpoints/filters/authn_audit.go). */
  refused(request: ApiRequest, attributes: AuthorizationAttributes, why: string): void {
    this.#record(request, attributes, undefined)?.refused(why);
  }

  #record(
    request: ApiRequest,
    attributes: AuthorizationAttributes,
    receivedMs: number | undefined,
  ): AuditRecord | undefined {
    const decision = this.#evaluate(attributes);
    this.#options.metrics?.level(decision.level);
    if (decision.level === "None") return undefined;
    const { backend, clock, random, metrics } = this.#options;
    const id = request.answerHeaders?.["audit-id"] || request.header("audit-id") || random.uuid();
    return new AuditRecord({
      request,
      attributes,
      decision,
      backend,
      clock,
      id,
      receivedMs: receivedMs ?? clock.now(),
      metrics,
    });
  }
}

/** What becomes of one audited request, told as it happens; each stage that the policy does not omit is one event. */
export class AuditRecord {
  readonly id: string;
  readonly #decision: AuditDecision;
  readonly #backend: AuditBackend;
  readonly #clock: Clock;
  readonly #metrics: AuditMetrics | undefined;
  readonly #request: ApiRequest;
  readonly #base: Omit<AuditEvent, "stage" | "stageTimestamp">;
  #objectRef: AuditObjectRef | undefined;
  #impersonated: Pick<AuditEvent, "impersonatedUser" | "authenticationMetadata"> = {};
  #status: Partial<Status> | undefined;
  #requestObject: unknown;
  #responseObject: unknown;

  constructor(start: {
    readonly request: ApiRequest;
    readonly attributes: AuthorizationAttributes;
    readonly decision: AuditDecision;
    readonly backend: AuditBackend;
    readonly clock: Clock;
    readonly id: string;
    readonly receivedMs: number;
    readonly metrics: AuditMetrics | undefined;
  }) {
    const { request, attributes, decision, id, receivedMs } = start;
    this.id = id;
    this.#decision = decision;
    this.#backend = start.backend;
    this.#clock = start.clock;
    this.#metrics = start.metrics;
    this.#request = request;
    this.#objectRef = refOf(attributes);
    const userAgent = shortUserAgent(request.header("user-agent"));
    const query = request.query.toString();
    this.#base = {
      kind: "Event",
      apiVersion: "audit.k8s.io/v1",
      level: decision.level,
      auditID: id,
      requestURI: query === "" ? request.path : `${request.path}?${query}`,
      verb: attributes.verb,
      user: shownUser(attributes.user),
      sourceIPs: sourceAddresses(request.header("x-forwarded-for"), request.header("x-real-ip"), request.remoteAddress),
      ...(userAgent === "" ? {} : { userAgent }),
      requestReceivedTimestamp: formatMicroTime(receivedMs),
    };
  }

  received(): void {
    this.#emit("RequestReceived", this.#base.requestReceivedTimestamp);
  }

  refused(message: string): void {
    this.#status = { metadata: {}, message };
    this.responseStarted(401);
  }

  /** The request goes on as somebody else. */
  impersonated(user: UserInfo, constraint?: string): void {
    this.#impersonated = {
      impersonatedUser: shownUser(user),
      ...(constraint === undefined ? {} : { authenticationMetadata: { impersonationConstraint: constraint } }),
    };
  }

  /** The decoded body, or a patch as it came. */
  requestObject(object: unknown): void {
    const { metadata } = (object ?? {}) as { metadata?: ObjectMeta };
    const ref = this.#objectRef;
    if (metadata !== undefined && ref !== undefined) {
      const { namespace, name, uid, resourceVersion } = metadata;
      this.#objectRef = { ...given({ namespace, name, uid, resourceVersion }), ...ref };
    }
    // What came is what is told: admission may still change the object.
    if (this.#reaches("Request")) this.#requestObject = thaw(this.#shown(object));
  }

  /** The object that is sent back; a Status is kept at every level. */
  responseObject(object: unknown): void {
    const { kind, apiVersion } = (object ?? {}) as { kind?: string; apiVersion?: string };
    if (kind === "Status" && apiVersion === "v1") {
      const { status, message, reason, details, code } = object as Status;
      this.#status = { metadata: {}, ...given({ status, message, reason, details, code }) };
    }
    if (this.#reaches("RequestResponse")) this.#responseObject = this.#shown(object);
  }

  /** The first byte of a long answer (watch, exec, …) goes out. */
  responseStarted(code: number): void {
    this.#setCode(code);
    this.#emit("ResponseStarted");
  }

  /** The whole answer is out, or the client has gone. */
  responseComplete(code: number): void {
    this.#setCode(code);
    this.#emit("ResponseComplete");
  }

  /** The handler broke. */
  panicked(error: unknown): void {
    const message = `APIServer panic'd: ${error instanceof Error ? error.message : String(error)}`;
    this.#status = { metadata: {}, status: "Failure", message, reason: "InternalError", code: 500 };
    this.#emit("Panic");
  }

  #setCode(code: number): void {
    this.#status = { metadata: {}, ...this.#status, code: this.#status?.code ?? code };
  }

  #reaches(level: AuditDecision["level"]): boolean {
    return auditLevels.indexOf(this.#decision.level) >= auditLevels.indexOf(level);
  }

  /** What a webhook changed in the request is told only where the request is. */
  #annotations(): readonly (readonly [string, string])[] {
    const all = [...this.#request.auditAnnotations];
    return this.#reaches("Request") ? all : all.filter(([key]) => !key.startsWith("patch.webhook.admission.k8s.io/"));
  }

  #shown(object: unknown): unknown {
    return this.#decision.omitManagedFields ? withoutManagedFields(object) : object;
  }

  #emit(stage: AuditStage, stageTimestamp: string = formatMicroTime(this.#clock.now())): void {
    if (this.#decision.omitStages.has(stage)) return;
    const { requestReceivedTimestamp, sourceIPs, userAgent, ...head } = this.#base;
    const { level, auditID, ...rest } = head;
    const annotations = this.#annotations();
    this.#metrics?.event();
    this.#backend.write({
      ...{ kind: rest.kind, apiVersion: rest.apiVersion, level, auditID, stage },
      ...{ requestURI: rest.requestURI, verb: rest.verb, user: rest.user },
      ...this.#impersonated,
      ...given({ sourceIPs, userAgent, objectRef: this.#objectRef, responseStatus: this.#status }),
      ...given({ requestObject: this.#requestObject, responseObject: this.#responseObject }),
      requestReceivedTimestamp,
      stageTimestamp,
      ...(annotations.length === 0 ? {} : { annotations: Object.fromEntries(annotations) }),
    });
  }
}

function refOf({
  isResourceRequest,
  resource,
  namespace,
  name,
  group,
  version,
  subresource,
}: AuthorizationAttributes): AuditObjectRef | undefined {
  if (!isResourceRequest) return undefined;
  return given({ resource, namespace, name, apiGroup: group, apiVersion: version, subresource });
}

function shownUser({ username, uid, groups, extra }: UserInfo): Partial<UserInfo> {
  return given({ username, uid, groups: groups.length === 0 ? undefined : groups, extra });
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Without fields that are empty, as `omitempty` does. */
function given<T extends object>(fields: T): Given<T> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== ""),
  ) as Given<T>;
}
