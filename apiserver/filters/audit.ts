import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { Auditor, AuditRecord } from "../audit/auditor.ts";
import type { Filter } from "../chain.ts";
import type { ApiRequest } from "../request.ts";
import type { ApiResponse, StreamResponse, WatchSink } from "../response.ts";
import { attributesOf } from "./authorize.ts";
import { isLongRunning } from "./deadline.ts";

const records = new WeakMap<ApiRequest, AuditRecord>();

/** The audit record of a request, for those who learn on its way what belongs there; undefined where it is not audited. */
export function auditRecordOf(request: ApiRequest): AuditRecord | undefined {
  return records.get(request);
}

export interface AuditFilters {
  /** Just within authentication. */
  readonly requests: Filter;
  /** Just outside: those whose credentials are no good never get further. */
  readonly refusals: Filter;
}

export function audit(auditor: Auditor): AuditFilters {
  return { requests: auditRequests(auditor), refusals: auditRefusals(auditor) };
}

/** Tells the audit log of each request that the policy wants told: as it comes, as its answer begins (watches), as it ends. */
function auditRequests(auditor: Auditor): Filter {
  return (next) => async (request) => {
    const record = auditor.begin(request, attributesOf(request));
    if (record === undefined) return next(request);
    records.set(request, record);
    try {
      const response = await next(request);
      return finish(record, response, isLongRunning(request.info));
    } catch (error) {
      if (!(error instanceof ApiError)) record.panicked(error);
      else {
        record.responseObject(error.status);
        record.responseComplete(error.code);
      }
      throw error;
    }
  };
}

function auditRefusals(auditor: Auditor): Filter {
  return (next) => async (request) => {
    try {
      return await next(request);
    } catch (error) {
      const isUnknown = request.user.username === "";
      if (isUnknown && error instanceof ApiError && error.code === 401) {
        auditor.refused(request, attributesOf(request), triedMethods(request));
      }
      throw error;
    }
  };
}

function triedMethods(request: ApiRequest): string {
  const [scheme = "", credentials] = (request.header("authorization") ?? "").trim().split(" ");
  const methods = [
    scheme.toLowerCase() === "basic" && isBasic(credentials) ? "basic" : "",
    scheme.toLowerCase() === "bearer" && credentials !== undefined ? "bearer" : "",
    request.query.get("access_token")?.trim() ? "access_token" : "",
    request.clientCertificate?.() === undefined ? "" : "x509",
  ].filter((method) => method !== "");
  return methods.length === 0
    ? "Authentication failed, no credentials provided"
    : `Authentication failed, attempted: ${methods.join(", ")}`;
}

/** Base64 of a name and a password, a colon between them. */
function isBasic(credentials: string | undefined): boolean {
  return credentials !== undefined && Buffer.from(credentials, "base64").includes(":");
}

/** Only what runs on for as long as it likes is told of as it begins (endpoints/filters/audit.go). */
function finish(record: AuditRecord, response: ApiResponse, longRunning: boolean): ApiResponse {
  switch (response.type) {
    case "object":
      record.responseObject(response.served.object);
      break;
    case "value":
      record.responseObject(response.value);
      break;
    case "watch":
      return { ...response, start: (sink) => startWatch(record, response.start, sink) };
    case "stream":
      if (longRunning) record.responseStarted(response.status);
      return { ...response, body: toldAtEnd(record, response) };
    case "upgrade":
      record.responseStarted(response.status);
      return {
        ...response,
        connect: (client, head) =>
          response.connect(client, head).finally(() => record.responseComplete(response.status)),
      };
    default:
      break;
  }
  record.responseComplete("status" in response ? response.status : 200);
  return response;
}

async function* toldAtEnd(record: AuditRecord, { body, status }: StreamResponse): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } finally {
    record.responseComplete(status);
  }
}

/** A watch is told of twice: as it begins, and as either side ends it. */
function startWatch(record: AuditRecord, start: (sink: WatchSink) => () => void, sink: WatchSink): () => void {
  let ended = false;
  const end = () => {
    if (ended) return;
    ended = true;
    record.responseComplete(200);
  };
  record.responseStarted(200);
  const stop = start({
    send: (event) => sink.send(event),
    ...(sink.behind === undefined ? {} : { behind: () => sink.behind?.() }),
    end: (status) => {
      end();
      sink.end(status);
    },
  });
  return () => {
    end();
    stop();
  };
}
