import { forbidden, invalid, notSupported, required } from "../../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../../apimachinery/field/path.ts";
import { isHTTPHeaderName } from "../../../../../apimachinery/validation/formats.ts";
import type {
  Container,
  HTTPGetAction,
  Lifecycle,
  LifecycleHandler,
  Probe,
} from "../../../../generated/types/core-v1.ts";
import { checkMessages, checkNonNegative, type PodCheck } from "./check.ts";
import { validatePortNumberOrName } from "./ports.ts";
import { validateStopSignal } from "./signals.ts";

type Handler = Pick<Probe, "exec" | "httpGet" | "tcpSocket" | "grpc"> & Pick<LifecycleHandler, "sleep">;

/** The life cycle hooks and the three probes of a container that may have them. */
export function validateLifecycleAndProbes(check: PodCheck, container: Container, place: Path): void {
  const { lifecycle, livenessProbe, readinessProbe, startupProbe } = container;
  if (lifecycle !== undefined) validateLifecycle(check, lifecycle, place.child("lifecycle"));
  if (livenessProbe !== undefined) {
    validateProbe(check, livenessProbe, place.child("livenessProbe"));
    validateSuccessThreshold(check, livenessProbe, place.child("livenessProbe"));
  }
  if (readinessProbe !== undefined) {
    const at = place.child("readinessProbe");
    validateProbe(check, readinessProbe, at);
    const grace = readinessProbe.terminationGracePeriodSeconds;
    if (grace !== undefined) {
      const detail = "must not be set for readinessProbes";
      check.errors.push(invalid(at.child("terminationGracePeriodSeconds"), grace, detail));
    }
  }
  if (startupProbe !== undefined) {
    validateProbe(check, startupProbe, place.child("startupProbe"));
    validateSuccessThreshold(check, startupProbe, place.child("startupProbe"));
  }
}

function validateSuccessThreshold(check: PodCheck, { successThreshold = 0 }: Probe, place: Path): void {
  if (successThreshold !== 1) {
    check.errors.push(invalid(place.child("successThreshold"), successThreshold, "must be 1"));
  }
}

function validateProbe(check: PodCheck, probe: Probe, place: Path): void {
  const { exec, httpGet, tcpSocket, grpc } = probe;
  validateHandler(check, { exec, httpGet, tcpSocket, grpc } as Handler, place);
  checkNonNegative(check, place.child("initialDelaySeconds"), probe.initialDelaySeconds);
  checkNonNegative(check, place.child("timeoutSeconds"), probe.timeoutSeconds);
  checkNonNegative(check, place.child("periodSeconds"), probe.periodSeconds);
  checkNonNegative(check, place.child("successThreshold"), probe.successThreshold);
  checkNonNegative(check, place.child("failureThreshold"), probe.failureThreshold);
  const grace = probe.terminationGracePeriodSeconds;
  if (grace !== undefined && grace <= 0) {
    check.errors.push(invalid(place.child("terminationGracePeriodSeconds"), grace, "must be greater than 0"));
  }
}

function validateLifecycle(check: PodCheck, lifecycle: Lifecycle, place: Path): void {
  for (const hook of ["postStart", "preStop"] as const) {
    const handler = lifecycle[hook];
    if (handler === undefined) continue;
    const { exec, httpGet, tcpSocket, sleep } = handler;
    validateHandler(check, { exec, httpGet, tcpSocket, sleep } as Handler, place.child(hook));
  }
  if (lifecycle.stopSignal !== undefined) {
    validateStopSignal(check, lifecycle.stopSignal, place.child("stopSignal"));
  }
}

const schemes = ["HTTP", "HTTPS"];
const kinds = ["exec", "httpGet", "tcpSocket", "grpc", "sleep"] as const;

function validateHandler(check: PodCheck, handler: Handler, place: Path): void {
  let first: (typeof kinds)[number] | undefined;
  for (const kind of kinds) {
    if (handler[kind] === undefined) continue;
    if (first !== undefined) {
      check.errors.push(forbidden(place.child(kind), "may not specify more than 1 handler type"));
      continue;
    }
    first = kind;
    validateAction(check, handler, { kind, place: place.child(kind) });
  }
  if (first === undefined) check.errors.push(required(place, "must specify a handler type"));
}

interface Action {
  readonly kind: (typeof kinds)[number];
  readonly place: Path;
}

function validateAction(check: PodCheck, handler: Handler, { kind, place }: Action): void {
  switch (kind) {
    case "exec":
      if (!handler.exec?.command?.length) check.errors.push(required(place.child("command")));
      break;
    case "httpGet":
      validateHTTPGet(check, handler.httpGet!, place);
      break;
    case "tcpSocket":
      validatePortNumberOrName(check, handler.tcpSocket!.port, place.child("port"));
      break;
    case "grpc":
      validatePortNumberOrName(check, handler.grpc!.port, place.child("port"));
      break;
    case "sleep":
      validateSleep(check, handler.sleep!.seconds ?? 0, place);
      break;
  }
}

function validateHTTPGet(check: PodCheck, action: HTTPGetAction, place: Path): void {
  if (!action.path) check.errors.push(required(place.child("path")));
  validatePortNumberOrName(check, action.port, place.child("port"));
  const scheme = action.scheme ?? "";
  if (!schemes.includes(scheme)) check.errors.push(notSupported(place.child("scheme"), scheme, schemes));
  for (const { name = "" } of action.httpHeaders ?? []) {
    checkMessages(check, place.child("httpHeaders"), name, isHTTPHeaderName(name));
  }
}

function validateSleep(check: PodCheck, seconds: number, place: Path): void {
  const grace = check.gracePeriodSeconds;
  if (grace !== undefined && (seconds < 0 || seconds > grace)) {
    const detail = `must be non-negative and less than terminationGracePeriodSeconds (${grace})`;
    check.errors.push(invalid(place, seconds, detail));
  }
}
