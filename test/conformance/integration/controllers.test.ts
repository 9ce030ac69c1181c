// One process for several areas: loading the program takes longer than most of their tests.
import "./daemons.ts";
import "./deployments.ts";
import "./endpoints.ts";
import "./garbage.ts";
import "./life.ts";
import "./nodes.ts";
import "./replicas.ts";
