import {
  duplicate,
  forbidden,
  invalid,
  notSupported,
  required,
  tooLong,
} from "../../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../../apimachinery/field/path.ts";
import { byteLength } from "../../../../../apimachinery/text/go-quote.ts";
import { isValidGroupID, isValidUserID } from "../../../../../apimachinery/validation/formats.ts";
import type { Container, ContainerStatus, Pod, ResourceHealth } from "../../../../generated/types/core-v1.ts";
import { type Check, checkMessages } from "./check.ts";

const healths = ["Healthy", "Unhealthy", "Unknown"];
const maxHealthMessageBytes = 1024;
const lists = ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"] as const;

/** Who containers run as, and the health of devices they were given. */
export function validateContainerStatuses(check: Check, pod: Pod, statusPath: Path): void {
  const osName = pod.spec?.os?.name ?? "linux";
  for (const list of lists) {
    pod.status?.[list]?.forEach((status, i) => {
      const at = statusPath.child(list).index(i).child("user", "linux");
      if (status.user?.linux !== undefined) validateUser(check, status, { at, osName });
    });
  }
  for (const list of lists) {
    pod.status?.[list]?.forEach((status, i) => {
      const at = statusPath.child(list).index(i).child("allocatedResourcesStatus");
      if (list === "ephemeralContainerStatuses") {
        if (!status.allocatedResourcesStatus?.length) return;
        check.errors.push(forbidden(at, "must not be specified in container status"));
        return;
      }
      const containers = list === "containerStatuses" ? pod.spec?.containers : pod.spec?.initContainers;
      validateAllocated(
        check,
        status,
        containers?.find(({ name }) => name === status.name),
        at,
      );
    });
  }
}

function validateUser(
  check: Check,
  status: ContainerStatus,
  { at, osName }: { readonly at: Path; readonly osName: string },
): void {
  if (osName === "windows") check.errors.push(forbidden(at, "cannot be set for a windows pod"));
  if (osName !== "linux") return;
  const { uid = 0, gid = 0, supplementalGroups } = status.user!.linux!;
  checkMessages(check, at.child("uid"), uid, isValidUserID(uid));
  checkMessages(check, at.child("gid"), gid, isValidGroupID(gid));
  supplementalGroups?.forEach((group, i) => {
    checkMessages(check, at.child("supplementalGroups").index(i), group, isValidGroupID(group));
  });
}

function validateAllocated(check: Check, status: ContainerStatus, container: Container | undefined, place: Path): void {
  status.allocatedResourcesStatus?.forEach(({ name = "", resources }, i) => {
    const at = place.index(i);
    const problem = container === undefined ? undefined : nameProblem(name, container);
    if (problem !== undefined) check.errors.push(invalid(at.child("name"), name, problem));
    validateHealth(check, resources ?? [], at.child("resources"));
  });
}

function nameProblem(name: string, container: Container): string | undefined {
  if (!name.startsWith("claim:")) {
    if (container.resources?.requests?.[name] !== undefined) return undefined;
    return "must match one of the container's resource requests";
  }
  const claims = container.resources?.claims ?? [];
  if (claims.some((claim) => name === `claim:${claim.name}${claim.request ? `/${claim.request}` : ""}`))
    return undefined;
  return "must match one of the container's resource claims in a format 'claim:<claimName>/<request>' or 'claim:<claimName>' if request is empty";
}

function validateHealth(check: Check, resources: readonly ResourceHealth[], place: Path): void {
  const seen = new Set<string>();
  resources.forEach(({ health = "", message, resourceID = "" }, i) => {
    const at = place.index(i);
    if (!healths.includes(health)) check.errors.push(notSupported(at.child("health"), health, healths));
    if (message === "") check.errors.push(required(at.child("message"), "must be non-empty if specified"));
    else if (message !== undefined && byteLength(message) > maxHealthMessageBytes) {
      check.errors.push(tooLong(at.child("message"), maxHealthMessageBytes));
    }
    if (seen.has(resourceID)) check.errors.push(duplicate(at.child("resourceID"), resourceID));
    seen.add(resourceID);
  });
}
