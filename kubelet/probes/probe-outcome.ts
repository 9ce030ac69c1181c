/** What one probe came to. */
export type ProbeOutcome =
  | { readonly kind: "success"; readonly output: string }
  /** Succeeded, with something to say. */
  | { readonly kind: "warning"; readonly output: string }
  | { readonly kind: "failure"; readonly output: string }
  /** It could not be made, and says nothing about the container. */
  | { readonly kind: "unknown"; readonly error: string };

export const success = (output: string): ProbeOutcome => ({ kind: "success", output });
export const warning = (output: string): ProbeOutcome => ({ kind: "warning", output });
export const failure = (output: string): ProbeOutcome => ({ kind: "failure", output });
export const unknown = (error: string): ProbeOutcome => ({ kind: "unknown", error });

/** What is kept of an answer (pkg/probe). */
export const maxOutputBytes = 10 * 1024;

const dialErrors: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connect: connection refused",
  EHOSTUNREACH: "connect: no route to host",
  ENETUNREACH: "connect: network is unreachable",
  ETIMEDOUT: "connect: connection timed out",
  EACCES: "connect: permission denied",
  ECONNRESET: "connect: connection reset by peer",
};

/** `10.0.0.1:80` or `[::1]:80`. */
export function hostPort(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A connection that did not come about, as Go words it: `dial tcp 10.0.0.1:80: connect: connection refused`. */
export function dialError(error: unknown, host: string, port: number): string {
  const { code = "", message = String(error) } = error as { readonly code?: string; readonly message?: string };
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return `dial tcp: lookup ${host}: no such host`;
  return `dial tcp ${hostPort(host, port)}: ${dialErrors[code] ?? message}`;
}
