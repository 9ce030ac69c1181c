// One process for several areas: loading the program takes longer than most of their tests.
import "./api-operations.ts";
import "./devices.ts";
import "./lifecycles.ts";
import "./namespaces.ts";
import "./service-accounts.ts";
import "./services.ts";
import "./storage.ts";
