import assert from "node:assert/strict";
import { test } from "node:test";
import { decoded, problems, row } from "../../test-support.ts";
import { Event } from "./event.ts";

const pod = {
  kind: "Pod",
  namespace: "x",
  name: "web",
  uid: "u1",
  apiVersion: "v1",
  resourceVersion: "7",
  fieldPath: "spec.containers{c}",
};
const old = { metadata: { namespace: "x", name: "web.1" }, involvedObject: pod, reason: "Started", type: "Normal" };
const newStyle = {
  ...old,
  eventTime: "2026-01-02T11:00:00.000000Z",
  reportingComponent: "kubelet",
  reportingInstance: "n1",
  action: "Start",
};

test("an event lives with the object that it is about", () => {
  assert.deepEqual(problems(Event, old), []);
  assert.deepEqual(
    problems(Event, { metadata: { namespace: "default" }, involvedObject: { kind: "Node", name: "n" } }),
    [],
  );
  assert.deepEqual(problems(Event, { ...old, metadata: { namespace: "y" } }), [
    'involvedObject.namespace: Invalid value: "x": does not match event.namespace',
  ]);
  assert.deepEqual(problems(Event, { metadata: { namespace: "y" }, involvedObject: { kind: "Node" } }), [
    'involvedObject.namespace: Invalid value: "": does not match event.namespace',
  ]);
});

test("an event with eventTime says who reports it and why", () => {
  assert.deepEqual(problems(Event, newStyle), []);
  const long = "x".repeat(1025);
  assert.deepEqual(
    problems(Event, { ...old, reason: "", message: long, eventTime: newStyle.eventTime, reportingInstance: long }),
    [
      "reportingComponent: Required value",
      'reportingComponent: Invalid value: "": name part must be non-empty',
      `reportingComponent: Invalid value: "": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
      'reportingInstance: Invalid value: "": can have at most 128 characters',
      "action: Required value",
      "reason: Required value",
      'message: Invalid value: "": can have at most 1024 characters',
    ],
  );
});

test("its row shows what happened to what, and when", () => {
  const event = {
    ...old,
    message: " ready \n",
    source: { component: "kubelet", host: "n1" },
    firstTimestamp: "2026-01-02T11:00:00Z",
    lastTimestamp: "2026-01-02T11:59:30Z",
    count: 5,
  };
  assert.deepEqual(row(Event, decoded(Event, event)), {
    "Last Seen": "30s",
    Type: "Normal",
    Reason: "Started",
    Object: "pod/web",
    Subobject: "spec.containers{c}",
    Source: "kubelet, n1",
    Message: "ready",
    "First Seen": "60m",
    Count: 5,
    Name: "web.1",
  });
  const series = { count: 9, lastObservedTime: "2026-01-02T11:59:50.000000Z" };
  const cells = row(Event, decoded(Event, { ...newStyle, series }));
  assert.deepEqual(
    [cells["Last Seen"], cells["First Seen"], cells["Count"], cells["Source"]],
    ["10s", "60m", 9, "kubelet, n1"],
  );
  const single = row(Event, decoded(Event, { ...newStyle, involvedObject: { kind: "Node" } }));
  assert.deepEqual([single["Last Seen"], single["Count"], single["Object"]], ["60m", 1, "node"]);
});

test("events are found by what they are about, why, of what type and from whom", () => {
  const event = decoded(Event, newStyle);
  const values = Object.entries(Event.fieldSelectors).map(([name, read]) => [name, read(event)]);
  assert.deepEqual(Object.fromEntries(values), {
    "involvedObject.kind": "Pod",
    "involvedObject.namespace": "x",
    "involvedObject.name": "web",
    "involvedObject.uid": "u1",
    "involvedObject.apiVersion": "v1",
    "involvedObject.resourceVersion": "7",
    "involvedObject.fieldPath": "spec.containers{c}",
    reason: "Started",
    reportingComponent: "kubelet",
    source: "kubelet",
    type: "Normal",
  });
});
