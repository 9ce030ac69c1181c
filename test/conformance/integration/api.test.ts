// One process for several areas: loading the program takes longer than most of their tests.
import "./pod-changes.ts";
