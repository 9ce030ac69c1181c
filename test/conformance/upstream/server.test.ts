// One process for several areas: loading the program takes longer than most of their tests.
import "./aggregator.ts";
import "./custom-resources.ts";
import "./discovery.ts";
import "./field-validation.ts";
import "./lists.ts";
import "./openapi.ts";
import "./policies.ts";
import "./watchers.ts";
import "./webhooks.ts";
