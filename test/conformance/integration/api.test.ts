// One process for several areas: loading the program takes longer than most of their tests.
import "./discovery.ts";
import "./dual-stack.ts";
import "./flow-schemas.ts";
import "./kubelets.ts";
import "./pod-changes.ts";
import "./server.ts";
import "./service-ranges.ts";
import "./services.ts";
import "./stored.ts";
import "./websockets.ts";
