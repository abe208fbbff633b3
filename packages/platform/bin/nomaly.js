#!/usr/bin/env node
// Written so that a very old Node can read it: it says what is wrong instead of failing on new syntax.
var version = process.versions.node.split(".");
var major = Number(version[0]);
var minor = Number(version[1]);
if (major < 22 || (major === 22 && minor < 19)) {
  console.error("nomaly: USAGE: Node 22.19 or newer is needed, this is " + process.versions.node + "; see https://nodejs.org");
  process.exit(2);
} else {
  import("node:module")
    .then(function (module) {
      // What was compiled once is read next time: half of a short command's time is compiling. In the user's own folder: who can
      // write there can change this file as well.
      var folder = process.env.XDG_CACHE_HOME || (process.env.HOME && process.env.HOME + "/.cache");
      if (folder && module.enableCompileCache) module.enableCompileCache(folder + "/nomaly");
      return import("../dist/main/cli.js");
    })
    .catch(function (error) {
      console.error(error);
      process.exit(1);
    });
}
