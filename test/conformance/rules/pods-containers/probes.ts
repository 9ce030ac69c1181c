import { negative, notPortNumber, portName } from "../messages.ts";
import {
  type Cause,
  forbidden,
  invalid,
  type Json,
  type JsonObject,
  type KindRules,
  notSupported,
  type Refusal,
  type Rule,
  refused,
  required,
} from "../rule.ts";
import { main, pod } from "./pod.ts";

const exec = { command: ["a"] };
const live = `${main}.livenessProbe`;
const ready = `${main}.readinessProbe`;
const started = `${main}.startupProbe`;
const hooks = [`${main}.lifecycle.postStart`, `${main}.lifecycle.preStop`];
const header =
  "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')";
const twoHandlers = "may not specify more than 1 handler type";

const livenessProbe = (more: JsonObject) => ({ [live]: more });

/** At each place where such a handler may stand. */
function everywhere(
  says: string,
  places: readonly string[],
  accepts: JsonObject,
  refuses: readonly (readonly [JsonObject, (place: string) => Cause])[],
): Rule {
  return {
    says,
    accepts: places.map((place) => ({ [place]: accepts })),
    refuses: places.flatMap((place) =>
      refuses.map(([handler, cause]): Refusal => refused({ [place]: handler }, cause(place))),
    ),
  };
}

/** The port of a handler of this kind. */
function portRule(says: string, kind: string, places: readonly string[]): Rule {
  const bad = (port: Json, message: string) =>
    [{ [kind]: { port } }, (place: string) => invalid(`${place}.${kind}.port`, port, message)] as const;
  return everywhere(says, places, { [kind]: { port: 65535 } }, [bad(0, notPortNumber), bad(65536, notPortNumber)]);
}

function namedPortRule(says: string, kind: string): Rule {
  const bad = (port: string, ...messages: readonly string[]) =>
    refused(
      { [live]: { [kind]: { port } } },
      ...messages.map((message) => invalid(`${live}.${kind}.port`, port, message)),
    );
  return {
    says,
    accepts: livenessProbe({ [kind]: { port: "a".repeat(15) } }),
    refuses: [
      bad("a".repeat(16), portName.long),
      bad("a_b", portName.characters),
      bad("80", portName.letter),
      bad("a--b", portName.hyphens),
      bad("a-", portName.ends),
      bad("", portName.characters, portName.letter),
    ],
  };
}

function numberRule(field: string): Rule {
  return {
    says: `${field} is not negative`,
    accepts: livenessProbe({ exec, [field]: 0 }),
    refuses: refused({ [ready]: { exec, [field]: -1 } }, invalid(`${ready}.${field}`, -1, negative)),
  };
}

const probePlaces = [live, ready, started];
const everyPlace = [...probePlaces, ...hooks];

export const probes: KindRules = {
  ...pod,
  create: [
    everywhere("a probe or hook does something", everyPlace, { exec }, [
      [{}, (place) => required(place, "must specify a handler type")],
    ]),
    everywhere("a probe or hook does one thing", everyPlace, { httpGet: { port: 1 } }, [
      [{ exec, httpGet: { port: 1 } }, (place) => forbidden(`${place}.httpGet`, twoHandlers)],
      [{ exec, tcpSocket: { port: 1 } }, (place) => forbidden(`${place}.tcpSocket`, twoHandlers)],
    ]),
    everywhere("a probe does one thing, be it of gRPC", probePlaces, { grpc: { port: 1 } }, [
      [{ exec, grpc: { port: 1 } }, (place) => forbidden(`${place}.grpc`, twoHandlers)],
    ]),
    everywhere("a hook does one thing, be it to sleep", hooks, { sleep: { seconds: 1 } }, [
      [{ exec, sleep: { seconds: 1 } }, (place) => forbidden(`${place}.sleep`, twoHandlers)],
    ]),
    everywhere("a command has a word at least", everyPlace, { exec }, [
      [{ exec: {} }, (place) => required(`${place}.exec.command`)],
      [{ exec: { command: [] } }, (place) => required(`${place}.exec.command`)],
    ]),
    portRule("HTTP has a port", "httpGet", everyPlace),
    portRule("TCP has a port", "tcpSocket", everyPlace),
    portRule("gRPC has a port", "grpc", probePlaces),
    namedPortRule("HTTP may name its port", "httpGet"),
    namedPortRule("TCP may name its port", "tcpSocket"),
    everywhere("HTTP is plain or secure", everyPlace, { httpGet: { port: 1, scheme: "HTTPS" } }, [
      [
        { httpGet: { port: 1, scheme: "https" } },
        (place) => notSupported(`${place}.httpGet.scheme`, "https", ["HTTP", "HTTPS"]),
      ],
    ]),
    everywhere(
      "headers of HTTP have proper names",
      everyPlace,
      { httpGet: { port: 1, httpHeaders: [{ name: "a-1", value: "" }] } },
      [
        [
          { httpGet: { port: 1, httpHeaders: [{ name: "a_1", value: "" }] } },
          (place) => invalid(`${place}.httpGet.httpHeaders`, "a_1", header),
        ],
        [
          { httpGet: { port: 1, httpHeaders: [{ name: "", value: "" }] } },
          (place) => invalid(`${place}.httpGet.httpHeaders`, "", header),
        ],
      ],
    ),
    ...["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"].map(
      numberRule,
    ),
    {
      says: "one success is enough for liveness and start",
      accepts: [
        { [live]: { exec, successThreshold: 1 }, [started]: { exec, successThreshold: 1 } },
        { [ready]: { exec, successThreshold: 2 } },
      ],
      refuses: [
        refused({ [live]: { exec, successThreshold: 2 } }, invalid(`${live}.successThreshold`, 2, "must be 1")),
        refused({ [started]: { exec, successThreshold: 2 } }, invalid(`${started}.successThreshold`, 2, "must be 1")),
        refused(
          { [live]: { exec, successThreshold: -1 } },
          invalid(`${live}.successThreshold`, -1, negative),
          invalid(`${live}.successThreshold`, -1, "must be 1"),
        ),
      ],
    },
    {
      says: "the time to end after a failed probe is positive",
      accepts: [
        livenessProbe({ exec, terminationGracePeriodSeconds: 1 }),
        { [started]: { exec, terminationGracePeriodSeconds: 1 } },
      ],
      refuses: [live, started].map((place) =>
        refused(
          { [place]: { exec, terminationGracePeriodSeconds: 0 } },
          invalid(`${place}.terminationGracePeriodSeconds`, 0, "must be greater than 0"),
        ),
      ),
    },
    {
      says: "a container that is not ready does not end",
      accepts: { [ready]: { exec } },
      refuses: refused(
        { [ready]: { exec, terminationGracePeriodSeconds: 1 } },
        invalid(`${ready}.terminationGracePeriodSeconds`, 1, "must not be set for readinessProbes"),
      ),
    },
    {
      says: "a hook sleeps no longer than the pod has to end",
      accepts: [
        { "spec.terminationGracePeriodSeconds": 5, [hooks[1]!]: { sleep: { seconds: 5 } } },
        { [hooks[0]!]: { sleep: { seconds: 0 } } },
      ],
      refuses: [
        refused(
          { "spec.terminationGracePeriodSeconds": 5, [hooks[1]!]: { sleep: { seconds: 6 } } },
          invalid(`${hooks[1]}.sleep`, 6, "must be non-negative and less than terminationGracePeriodSeconds (5)"),
        ),
        refused(
          { [hooks[0]!]: { sleep: { seconds: -1 } } },
          invalid(`${hooks[0]}.sleep`, -1, "must be non-negative and less than terminationGracePeriodSeconds (30)"),
        ),
      ],
    },
  ],
};
