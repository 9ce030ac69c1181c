import { notPortNumber, portName } from "../messages.ts";
import { duplicate, invalid, type KindRules, notSupported, refused, required } from "../rule.ts";
import { init, main, pod, podTemplate } from "./pod.ts";

const ports = `${main}.ports`;
const port = `${ports}[0]`;
const named = (name: string) => ({ [port]: { name, containerPort: 1 } });
const mismatch = "must match `containerPort` when `hostNetwork` is true";

export const containerPorts: KindRules = {
  ...pod,
  create: [
    {
      says: "the name of a port is one of IANA",
      accepts: [named("a"), named("1-a"), named("a".repeat(15)), named("")],
      refuses: [
        refused(named("a".repeat(16)), invalid(`${port}.name`, "a".repeat(16), portName.long)),
        refused(named("aA"), invalid(`${port}.name`, "aA", portName.characters)),
        refused(named("1"), invalid(`${port}.name`, "1", portName.letter)),
        refused(named("a--b"), invalid(`${port}.name`, "a--b", portName.hyphens)),
        refused(named("-a"), invalid(`${port}.name`, "-a", portName.ends)),
        refused(named("a-"), invalid(`${port}.name`, "a-", portName.ends)),
      ],
    },
    {
      says: "no two ports of a container have one name",
      accepts: {
        [ports]: [
          { name: "a", containerPort: 1 },
          { name: "b", containerPort: 2 },
        ],
      },
      refuses: refused(
        {
          [ports]: [
            { name: "a", containerPort: 1 },
            { name: "a", containerPort: 2 },
          ],
        },
        duplicate(`${ports}[1].name`, "a"),
      ),
    },
    {
      says: "a port is between 1 and 65535",
      accepts: [{ [port]: { containerPort: 1 } }, { [port]: { containerPort: 65535 } }],
      refuses: [
        refused({ [port]: {} }, required(`${port}.containerPort`)),
        refused({ [port]: { containerPort: 0 } }, required(`${port}.containerPort`)),
        refused({ [port]: { containerPort: -1 } }, invalid(`${port}.containerPort`, -1, notPortNumber)),
        refused({ [port]: { containerPort: 65536 } }, invalid(`${port}.containerPort`, 65536, notPortNumber)),
      ],
    },
    {
      says: "a port of the host is between 1 and 65535",
      accepts: [{ [port]: { containerPort: 1, hostPort: 65535 } }, { [port]: { containerPort: 1, hostPort: 0 } }],
      refuses: [
        refused({ [port]: { containerPort: 1, hostPort: -1 } }, invalid(`${port}.hostPort`, -1, notPortNumber)),
        refused({ [port]: { containerPort: 1, hostPort: 65536 } }, invalid(`${port}.hostPort`, 65536, notPortNumber)),
      ],
    },
    {
      says: "a port is of TCP, UDP or SCTP",
      accepts: ["TCP", "UDP", "SCTP"].map((protocol) => ({ [port]: { containerPort: 1, protocol } })),
      refuses: refused(
        { [port]: { containerPort: 1, protocol: "ICMP" } },
        notSupported(`${port}.protocol`, "ICMP", ["SCTP", "TCP", "UDP"]),
      ),
    },
    {
      says: "no two containers have one port of the host",
      accepts: {
        [ports]: [
          { containerPort: 1, hostPort: 1 },
          { containerPort: 2, hostPort: 1, protocol: "UDP" },
          { containerPort: 3, hostPort: 1, hostIP: "10.0.0.1" },
        ],
        [init]: { name: "init", image: "a", ports: [{ containerPort: 1, hostPort: 1 }] },
      },
      refuses: [
        refused(
          {
            [port]: { containerPort: 1, hostPort: 1 },
            "spec.containers[1]": {
              name: "other",
              image: "a",
              ports: [{ containerPort: 2 }, { containerPort: 1, hostPort: 1 }],
            },
          },
          duplicate("spec.containers[1].ports[1].hostPort", "TCP//1"),
        ),
        refused(
          {
            [init]: {
              name: "init",
              image: "a",
              ports: [
                { containerPort: 1, hostPort: 1 },
                { containerPort: 2, hostPort: 1 },
              ],
            },
          },
          duplicate(`${init}.ports[1].hostPort`, "TCP//1"),
        ),
      ],
    },
    {
      says: "on the network of the host a container's port is the host's",
      accepts: [
        { "spec.hostNetwork": true, [port]: { containerPort: 1, hostPort: 1 } },
        { "spec.hostNetwork": true, [port]: { containerPort: 1 } },
      ],
      refuses: refused(
        { "spec.hostNetwork": true, [port]: { containerPort: 1, hostPort: 2 } },
        invalid(`${port}.hostPort`, 2, mismatch),
      ),
    },
  ],
};

export const templatePorts: KindRules = {
  ...podTemplate,
  create: [
    {
      says: "on the network of the host a container's port is the host's, or left for the pod to say",
      accepts: { "template.spec.hostNetwork": true, [`template.${port}`]: { containerPort: 1 } },
      refuses: refused(
        { "template.spec.hostNetwork": true, [`template.${port}`]: { containerPort: 1, hostPort: 2 } },
        invalid(`template.${port}.hostPort`, 2, mismatch),
      ),
    },
  ],
};
