#!/usr/bin/env node
// How Earshot is started. Hashes of passwords, pictures, signatures, files and DNS share libuv's pool of threads, four unless
// something else stands in the environment before the first of them is needed; to load an ES module already needs one.
// With eight, two hashes and a picture leave as many to the rest as there are without them.
try {
  process.loadEnvFile()
} catch {
  // That there is none, or what is wrong with it, is told by the command itself.
}
process.env.UV_THREADPOOL_SIZE ||= '8'
void import('../dist/main.js')
