import { forbidden, notSupported } from "../../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../../apimachinery/field/path.ts";
import type { PodCheck } from "./check.ts";

const named =
  "ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM TRAP " +
  "TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ RTMIN RTMAX";
const realTime = [
  ...Array.from({ length: 15 }, (_, i) => `SIGRTMIN+${i + 1}`),
  ...Array.from({ length: 14 }, (_, i) => `SIGRTMAX-${i + 1}`),
];

const linux: readonly string[] = [...named.split(" ").map((name) => `SIG${name}`), ...realTime].sort();
const windows: readonly string[] = ["SIGKILL", "SIGTERM"];

/** The signal that stops a container, which depends on `spec.os.name` (validateStopSignal). */
export function validateStopSignal(check: PodCheck, signal: string, place: Path): void {
  if (check.osName === undefined) {
    check.errors.push(forbidden(place, "may not be set for containers with empty `spec.os.name`"));
    return;
  }
  const supported = check.osName === "windows" ? windows : check.osName === "linux" ? linux : undefined;
  if (supported !== undefined && !supported.includes(signal)) {
    check.errors.push(notSupported(place, signal, supported));
  }
}
