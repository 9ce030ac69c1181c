import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Event as CoreEvent } from "../../core/v1/event.ts";
import { decoded, problems, row } from "../../test-support.ts";
import { Event } from "./event.ts";
import { eventFromCore, eventToCore } from "./event-conversion.ts";

const good = {
  metadata: { namespace: "x", name: "web.1" },
  eventTime: "2026-01-02T11:00:00.000000Z",
  reportingController: "example.com/c",
  reportingInstance: "c-1",
  action: "Start",
  reason: "Started",
  type: "Normal",
  regarding: { kind: "Pod", namespace: "x", name: "web" },
  note: "ready",
};

test("a complete event is good", () => {
  assert.deepEqual(problems(Event, good), []);
});

test("a new event has a time, a known type and nothing of the old form", () => {
  const { eventTime: _, ...timeless } = good;
  const wrong = {
    ...timeless,
    type: "Odd",
    deprecatedFirstTimestamp: "2026-01-02T11:00:00Z",
    deprecatedLastTimestamp: "2026-01-02T11:00:00Z",
    deprecatedCount: 1,
    deprecatedSource: { host: "n" },
    series: { count: 1 },
  };
  assert.deepEqual(problems(Event, wrong), [
    'series.count: Invalid value: "": should be at least 2',
    "series.lastObservedTime: Required value",
    "eventTime: Required value",
    'type: Invalid value: "": has invalid value: Odd',
    'firstTimestamp: Invalid value: "": needs to be unset',
    'lastTimestamp: Invalid value: "": needs to be unset',
    'count: Invalid value: "": needs to be unset',
    'source: Invalid value: "": needs to be unset',
  ]);
  assert.deepEqual(problems(Event, { ...good, reportingController: "" })[0], "reportingController: Required value");
});

test("only the series of an event may go on", () => {
  const old = decoded(Event, good);
  const series = { count: 2, lastObservedTime: "2026-01-02T11:30:00.000000Z" };
  assert.deepEqual(problems(Event, { ...good, series }, old), []);
  assert.deepEqual(problems(Event, { ...good, note: "again", action: "Stop", reportingInstance: "c-2" }, old), [
    'message: Invalid value: "again": field is immutable',
    'action: Invalid value: "Stop": field is immutable',
    'reportingInstance: Invalid value: "c-2": field is immutable',
  ]);
  assert.deepEqual(problems(Event, { ...good, eventTime: "2026-01-02T11:00:01.000000Z" }, old), [
    'eventTime: Invalid value: "2026-01-02T11:00:01.000000Z": field is immutable',
  ]);
});

test("the same event prints alike and is found alike in both versions, by each version's names", () => {
  const event = decoded(Event, good);
  assert.deepEqual(row(Event, event), row(CoreEvent, eventToCore(event)));
  const names = Object.keys(Event.fieldSelectors);
  assert.deepEqual(
    names.filter((name) => name in CoreEvent.fieldSelectors),
    ["reason", "type"],
  );
  assert.equal(Event.fieldSelectors["regarding.name"]?.(event), "web");
  assert.equal(Event.fieldSelectors["reportingController"]?.(event), "example.com/c");
});

test("an event goes to its stored form and back unchanged, whatever fields it has", () => {
  const text = fc.string();
  const arbitrary = fc.record(
    {
      metadata: fc.record({ name: text, namespace: text }),
      eventTime: fc.constant("2026-01-02T11:00:00.000000Z"),
      regarding: fc.record({ kind: text, name: text }),
      related: fc.record({ kind: text }),
      note: text,
      action: text,
      reason: text,
      type: text,
      reportingController: text,
      reportingInstance: text,
      deprecatedCount: fc.integer(),
      deprecatedSource: fc.record({ component: text }),
      deprecatedFirstTimestamp: fc.constant("2026-01-02T11:00:00Z"),
      deprecatedLastTimestamp: fc.constant("2026-01-02T11:00:00Z"),
      series: fc.record({ count: fc.nat(), lastObservedTime: fc.constant("2026-01-02T11:00:00.000000Z") }),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(arbitrary, (fields) => {
      const event = { ...fields, apiVersion: "events.k8s.io/v1", kind: "Event" } as Event;
      const stored = eventToCore(event);
      assert.equal(stored.apiVersion, "v1");
      assert.deepEqual(eventFromCore(stored), event);
      assert.deepEqual(eventToCore(eventFromCore(stored)), stored);
    }),
  );
});
