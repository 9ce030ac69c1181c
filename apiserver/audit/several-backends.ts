import type { AuditBackend, AuditEvent } from "./event.ts";

/** Each event goes to all. */
export function severalBackends(backends: readonly AuditBackend[]): AuditBackend {
  return {
    write(event: AuditEvent) {
      for (const backend of backends) backend.write(event);
    },
    async close() {
      await Promise.all(backends.map((backend) => backend.close()));
    },
  };
}
