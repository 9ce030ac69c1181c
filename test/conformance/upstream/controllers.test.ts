// One process for several areas: loading the program takes longer than most of their tests.
import "./garbage-collector.ts";
import "./more-pods.ts";
import "./pods.ts";
import "./proxy.ts";
import "./resource-quotas.ts";
import "./rollouts.ts";
import "./scheduling.ts";
import "./workloads.ts";
