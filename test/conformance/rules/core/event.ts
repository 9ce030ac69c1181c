import { emptyName, notQualifiedName } from "../messages.ts";
import { type Cause, invalid, type Json, type KindRules, type Rule, refused, required } from "../rule.ts";

// pkg/apis/core/validation/events.go. Fields are called as core/v1 calls them, whatever version was asked.

const outside = invalid("involvedObject.namespace", "other", "does not match event.namespace");
const nowhere = invalid("involvedObject.namespace", "", "does not match event.namespace");
const eventTime = "2026-01-02T11:00:00.000000Z";
const earlier = "2026-01-02T10:00:00.000000Z";
const immutable = (field: string, value: Json): Cause => invalid(field, value, "field is immutable");

const longText = (field: string, max: number, causeField = field): Rule => ({
  says: `${field} has ${max} bytes at most`,
  accepts: { [field]: "x".repeat(max) },
  refuses: [
    refused({ [field]: "x".repeat(max + 1) }, invalid(causeField, "", `can have at most ${max} characters`)),
    refused({ [field]: `${"é".repeat(max / 2)}x` }, invalid(causeField, "", `can have at most ${max} characters`)),
  ],
});

const reports = (controller: string, causeField: string): readonly Rule[] => [
  {
    says: "the reporting controller is named like a label's key",
    accepts: { [controller]: "example.com/a" },
    refuses: [
      refused(
        { [controller]: "" },
        required(causeField),
        invalid(causeField, "", emptyName),
        invalid(causeField, "", notQualifiedName),
      ),
      refused({ [controller]: "-" }, invalid(causeField, "-", notQualifiedName)),
    ],
  },
  {
    says: "an event that has its time tells who reports, what was done and why",
    accepts: {},
    refuses: ["reportingInstance", "action", "reason"].map((field) => refused({ [field]: "" }, required(field))),
  },
  longText("reportingInstance", 128),
  longText("action", 128),
  longText("reason", 128),
];

const core = { group: "", kind: "Event" };
const old = { metadata: { name: "rules" }, involvedObject: { kind: "Pod", namespace: "default", name: "a" } };
const report = { eventTime, action: "a", reason: "b", type: "Normal", reportingInstance: "c" };

const placed: Rule = {
  says: "an event stands where its object is",
  accepts: { "involvedObject.namespace": "rules" },
  refuses: [
    refused({ "involvedObject.namespace": "other" }, outside),
    refused({ "involvedObject.namespace": "" }, nowhere),
  ],
};

/** Events without their time, as old clients write them. */
export const oldEvent: KindRules = {
  ...core,
  path: "/api/v1/namespaces/default/events",
  valid: old,
  create: [
    {
      says: "an event of an object of the whole cluster stands in default",
      accepts: { involvedObject: { kind: "Node", name: "a" } },
      refuses: refused({ "involvedObject.namespace": "other" }, outside),
    },
  ],
};

export const eventElsewhere: KindRules = {
  ...core,
  path: "/api/v1/namespaces/rules/events",
  valid: { metadata: { name: "rules" }, involvedObject: { namespace: "rules" } },
  create: [placed],
  update: [placed],
};

export const coreEvent: KindRules = {
  ...core,
  path: "/api/v1/namespaces/rules/events",
  valid: {
    ...report,
    metadata: { name: "rules-timed" },
    involvedObject: { namespace: "rules" },
    reportingComponent: "d",
  },
  create: [
    {
      says: "an event that has its time may tell of objects elsewhere, but not of the cluster's",
      accepts: { "involvedObject.namespace": "other" },
      refuses: refused({ involvedObject: {} }, nowhere),
    },
    ...reports("reportingComponent", "reportingComponent"),
    longText("message", 1024),
  ],
};

const series = { count: 2, lastObservedTime: eventTime };
const seriesRule: Rule = {
  says: "a series has two events at least, and the time of the last",
  accepts: { series },
  refuses: [
    refused({ series: { ...series, count: 1 } }, invalid("series.count", "", "should be at least 2")),
    refused({ series: { count: 2, lastObservedTime: null } }, required("series.lastObservedTime")),
  ],
};

const unset = (field: string, causeField: string, value: Json): Rule => ({
  says: `a new event has no ${field}`,
  accepts: { [field]: typeof value === "number" ? 0 : undefined },
  refuses: refused({ [field]: value }, invalid(causeField, "", "needs to be unset")),
});

const reference = (Kind: string, Namespace: string, Name: string): Json => ({
  Kind,
  Namespace,
  Name,
  UID: "",
  APIVersion: "",
  ResourceVersion: "",
  FieldPath: "",
});

export const event: KindRules = {
  group: "events.k8s.io",
  kind: "Event",
  path: "/apis/events.k8s.io/v1/namespaces/default/events",
  valid: {
    ...report,
    metadata: { name: "rules-v1" },
    regarding: { kind: "Pod", namespace: "default", name: "a" },
    reportingController: "d",
  },
  create: [
    ...reports("reportingController", "reportingController"),
    longText("note", 1024, "message"),
    seriesRule,
    {
      says: "a new event has a time",
      accepts: { eventTime: earlier },
      refuses: refused({ eventTime: null }, required("eventTime")),
    },
    {
      says: "a new event is normal or a warning",
      accepts: { type: "Warning" },
      refuses: [
        refused({ type: "Error" }, invalid("type", "", "has invalid value: Error")),
        refused({ type: undefined }, invalid("type", "", "has invalid value: ")),
      ],
    },
    unset("deprecatedFirstTimestamp", "firstTimestamp", "2026-01-02T11:00:00Z"),
    unset("deprecatedLastTimestamp", "lastTimestamp", "2026-01-02T11:00:00Z"),
    unset("deprecatedCount", "count", 1),
    unset("deprecatedSource", "source", { component: "a" }),
    {
      says: "a new event has no source, not even a host",
      accepts: { deprecatedSource: {} },
      refuses: refused({ deprecatedSource: { host: "a" } }, invalid("source", "", "needs to be unset")),
    },
  ],
  update: [
    seriesRule,
    {
      says: "nothing but the series goes on",
      accepts: { "metadata.labels.a": "b" },
      refuses: [
        refused({ "regarding.name": "b" }, immutable("involvedObject", reference("Pod", "default", "b"))),
        refused({ reason: "z" }, immutable("reason", "z"), immutable("reason", "z")),
        refused({ note: "z" }, immutable("message", "z")),
        refused({ deprecatedSource: { host: "z" } }, immutable("source", { Component: "", Host: "z" })),
        refused(
          { deprecatedFirstTimestamp: "2026-01-02T11:00:00Z" },
          immutable("firstTimestamp", "2026-01-02T11:00:00Z"),
        ),
        refused(
          { deprecatedLastTimestamp: "2026-01-02T11:00:00Z" },
          immutable("lastTimestamp", "2026-01-02T11:00:00Z"),
        ),
        refused({ deprecatedCount: 3 }, immutable("count", 3)),
        refused({ type: "Other" }, immutable("type", "Other")),
        refused({ eventTime: earlier }, immutable("eventTime", earlier)),
        refused({ action: "z" }, immutable("action", "z")),
        refused({ related: { kind: "Node", name: "b" } }, immutable("related", reference("Node", "", "b"))),
        refused({ reportingController: "z" }, immutable("reportingController", "z")),
        refused({ reportingInstance: "z" }, immutable("reportingInstance", "z")),
      ],
    },
    {
      says: "what was told stays told",
      stored: {
        note: "a",
        related: { kind: "Node" },
        "regarding.uid": "1",
        "regarding.apiVersion": "v1",
        "regarding.resourceVersion": "2",
        "regarding.fieldPath": "c",
      },
      accepts: { "metadata.labels.a": "b" },
      refuses: [
        refused({ note: undefined }, immutable("message", "")),
        refused({ type: undefined }, immutable("type", "")),
        refused({ related: undefined }, immutable("related", null)),
        refused(
          { "regarding.name": undefined },
          immutable("involvedObject", {
            Kind: "Pod",
            Namespace: "default",
            Name: "",
            UID: "1",
            APIVersion: "v1",
            ResourceVersion: "2",
            FieldPath: "c",
          }),
        ),
      ],
    },
  ],
};
