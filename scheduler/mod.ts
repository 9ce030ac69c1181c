/**
 * The scheduler: chooses a node for each pod that has none. A plugin (plugins/, one folder each, their order in
 * plugins/all.ts) is a pure rule with the events that could change its verdict; a decision (framework/decide.ts) is a pure
 * function of a pod, a snapshot of the cluster (cache/) and the plugins; the queue (queue/) says which pod is next and what
 * lets a rejected one go; scheduler.ts carries decisions out.
 */
export type { SchedulerOptions } from "./options.ts";
export { runScheduler } from "./run.ts";
