import type { UserInfo } from "../apimachinery/resource/object.ts";

/** What a request asks for, told from its path and method alone (apiserver/pkg/endpoints/request RequestInfo). */
export interface RequestInfo {
  readonly isResourceRequest: boolean;
  /** The path without its query. */
  readonly path: string;
  /** Kubernetes verb: get, list, watch, create, update, patch, delete, deletecollection; the lower-case method for other paths. */
  readonly verb: string;
  /** `api` or `apis`; empty for other paths. */
  readonly prefix: string;
  readonly group: string;
  readonly version: string;
  /** Empty for cluster-scoped requests; for a namespace itself its own name. */
  readonly namespace: string;
  readonly resource: string;
  readonly subresource: string;
  /** Empty for collections. */
  readonly name: string;
  /** Path segments after the subresource, for proxies. */
  readonly rest: readonly string[];
}

/** One request on its way through the handler chain, whatever carried it: HTTP or a call in this process. */
export interface ApiRequest {
  readonly method: string;
  /** Path without query, percent-encoding untouched. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The query as it was sent, without its question mark, for those that pass it on. Absent in process. */
  readonly rawQuery?: string;
  /** Header by lower-case name. */
  header(name: string): string | undefined;
  /** Every header field, one pair each, names in lower case; repeated fields come apart where the protocol kept them so. */
  headerPairs(): Iterable<readonly [name: string, value: string]>;
  /** The whole body, at most `limitBytes`; a larger one rejects with RequestEntityTooLarge. Empty where there is none. */
  readBody(limitBytes: number): Promise<Buffer>;
  /** What `readBody` gave; absent before that, and in process. */
  readonly bodyUnderWay?: Promise<unknown> | undefined;
  /** Instead of `readBody`: the body as it comes, without a limit. Absent where the request came in process. */
  readonly bodyStream?: () => AsyncIterable<Uint8Array>;
  /** Its connection can be handed over, and the client asks for that. */
  readonly upgradable?: boolean;
  /** In process: the body as an object, instead of bytes. The chain copies before it changes it. */
  readonly bodyObject?: unknown;
  /** Aborts when the client goes away or the server stops. */
  readonly signal: AbortSignal;
  readonly remoteAddress: string;
  /** DER of the verified client certificate, where TLS brought one; leaf only. */
  readonly clientCertificate?: () => Buffer | undefined;
  /** In process: who the caller is, decided by whoever wired it. */
  readonly trustedUser?: UserInfo;

  // Filled on the way, each by one filter of the chain.
  info: RequestInfo;
  user: UserInfo;
  /** Header fields of the answer, whatever it is; names in lower case. Absent in process, where an answer has none. */
  readonly answerHeaders?: Record<string, string>;
  /** Calls `listener` once when the answer has been written, or nobody is left to write it to. Absent in process. */
  readonly onAnswered?: (listener: () => void) => void;
  /** Of the answer's body, as far as it has been written. Absent in process. */
  readonly sentBytes?: number;
  /** When its time is over, in milliseconds of the monotonic clock; absent where it has no end of its own. */
  endsAtMs?: number;
  /** How long it stood in a queue of its priority level, in milliseconds. */
  waitedMs?: number;
  /** Texts for `Warning: 299` headers, at most once each. */
  readonly warnings: Set<string>;
  /** Audit annotations, by key. */
  readonly auditAnnotations: Map<string, string>;
}

/** Annotation of requests for what is deprecated (endpoints/metrics). */
export const deprecatedAnnotation = "k8s.io/deprecated";

/** The same request but for `change`; its warnings, annotations and header fields of the answer are the very same. */
export function changedRequest(request: ApiRequest, change: Partial<ApiRequest>): ApiRequest {
  return Object.create(request, Object.getOwnPropertyDescriptors(change)) as ApiRequest;
}
